import pytest

from pipeline.training.people import People, Person


@pytest.fixture
def people() -> People:
    """Two people and an address in every language, so that no test needs Faker."""
    somebody = [Person("Ada", "Quill", "Ada Quill"), Person("Ivo", "Marsh", "Ivo Marsh")]
    languages = ("en", "zh", "es", "fr", "de", "ja", "ar")
    return People(dict.fromkeys(languages, somebody), {lang: ["1 Nowhere Lane"] for lang in languages})
