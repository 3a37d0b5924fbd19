"""Microsoft Presidio as a judge: the rule-and-NER system that users have today, on the same rows and the same stages.

It is used as its own documentation shows, `AnalyzerEngine().analyze(text, language="en")`: the predefined English
recognizers, names and places from spaCy's en_core_web_lg, and a score threshold of 0, which is its default
(`default_score_threshold`). Any entity counted as an identifier makes the chunk unsafe, else it is safe; it knows no
third level. It reads the raw text, without context.
"""

import importlib.util
import logging
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

from pipeline.domain.judgment import Abstention, Judgment, ModelIdentity, Scores
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.window import ContextWindow
from pipeline.errors import MissingExtra

PresidioKind = Literal["default", "patterns"]
"""`default`: as its users have it. `patterns`: the same recognizers on a blank spaCy pipeline, so without names,
places and context words; for where the model cannot be had."""

Entities = Callable[[str], frozenset[str]]
"""A text -> the kinds of entity found in it."""

NER_MODEL = "en_core_web_lg"
FULL_DATE = "FULL_DATE"
"""A DATE_TIME that a pattern found (3/14/1962), apart from what the model calls one ("three in the afternoon")."""

DIRECT_IDENTIFIERS = frozenset(
    [
        "CREDIT_CARD",
        "CRYPTO",
        "EMAIL_ADDRESS",
        "IBAN_CODE",
        "IP_ADDRESS",
        "MAC_ADDRESS",
        "MEDICAL_LICENSE",
        "PERSON",
        "PHONE_NUMBER",
        "UK_NHS",
        "URL",
        "US_BANK_NUMBER",
        "US_DRIVER_LICENSE",
        "US_ITIN",
        "US_PASSPORT",
        "US_SSN",
        "UUID",
    ]
) | {FULL_DATE}
"""Its kinds that are identifiers of 45 CFR 164.514(b)(2)(i). Left out, as the policy calls them harmless alone:
LOCATION (states, countries), NRP (nationality, religion), AGE, ORGANIZATION, and a DATE_TIME of the model."""

_SURE = Scores(0.0, 0.0, 1.0)
_NONE = Scores(1.0, 0.0, 0.0)


class PresidioJudge:
    """Keeps the `Judge` contract. `counted` are the kinds that make a chunk unsafe; None counts every kind."""

    def __init__(self, entities: Entities, *, name: str, counted: frozenset[str] | None) -> None:
        self._entities = entities
        self._counted = counted
        self._identity = ModelIdentity(name, "", "none")

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    async def start(self) -> None:
        return None

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        found = self._entities(window.chunk.chunk.text)
        if found if self._counted is None else found & self._counted:
            return Judgment(RiskLevel.UNSAFE, _SURE, 1.0, self._identity, (Category.PHI,))
        return Judgment(RiskLevel.SAFE, _NONE, 1.0, self._identity)

    async def close(self) -> None:
        return None


def load_presidio(kind: PresidioKind) -> Entities:
    """The analyzer, loaded; each text is analysed once. Raises MissingExtra naming what to install.

    Nothing is downloaded: Presidio would fetch a missing model, and tldextract a list of domains, by themselves.
    """
    if importlib.util.find_spec("presidio_analyzer") is None:
        raise MissingExtra("--presidio needs the extra eval-presidio: pip install 'consultguard[eval-presidio]'")
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    # Its decision log quotes the text.
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    if kind == "default":
        if not spacy.util.is_package(NER_MODEL):
            raise MissingExtra(
                f"Presidio's default English pipeline needs spaCy's model {NER_MODEL}: "
                f"python -m spacy download {NER_MODEL}; --presidio patterns does without, and finds no names"
            )
        analyzer = AnalyzerEngine()
    else:
        engine = SpacyNlpEngine()
        engine.nlp = {"en": spacy.blank("en")}
        analyzer = AnalyzerEngine(nlp_engine=engine)

    @cache
    def entities(text: str) -> frozenset[str]:
        return frozenset(_kind(found) for found in analyzer.analyze(text=text, language="en"))

    return entities


def _kind(found: Any) -> str:
    name: str = found.entity_type
    by = (found.recognition_metadata or {}).get("recognizer_name")
    return FULL_DATE if name == "DATE_TIME" and by == "DateRecognizer" else name
