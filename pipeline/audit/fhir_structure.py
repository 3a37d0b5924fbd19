"""Holds AuditEvent resources against the published structure, by the library fhir.resources (the extra `fhir`).

The library has R5 (5.0.0) and R4B (4.3.0), and no R4 (4.0.1); R4B stands in for it. Between the two HL7 changed nothing
in AuditEvent but the version numbers of three value sets. What is checked is structure: elements, types, how many of
each. Codes are not looked up in their systems, nor are profiles applied; tests of ours do the latter for BALP's.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Literal

from pydantic import ValidationError

from pipeline.audit.fhir import Json
from pipeline.errors import InputError, MissingExtra

_MODULES = {"fhir-r4": "fhir.resources.R4B.auditevent", "fhir-r5": "fhir.resources.auditevent"}


def structure_check(release: Literal["fhir-r4", "fhir-r5"], *, required: bool) -> Callable[[Json], None] | None:
    """What raises InputError for a resource that is no AuditEvent of `release`; None where the library is missing.

    Raises MissingExtra where it is missing and `required`. Imported here, because it takes about a second.
    """
    try:
        model: Any = import_module(_MODULES[release]).AuditEvent
    except ModuleNotFoundError as error:
        if required:
            raise MissingExtra('validation needs fhir.resources; install "consultguard[fhir]"') from error
        return None

    def check(resource: Json) -> None:
        try:
            model.model_validate(resource)
        except ValidationError as error:
            # Where it is wrong, and not what stands there.
            wrong = sorted({".".join(str(step) for step in one["loc"]) for one in error.errors(include_input=False)})
            raise InputError(f"not a valid AuditEvent at {', '.join(wrong)}") from error

    return check
