"""The language that a file says a text is in, as a tag or by its name. Pure."""

from __future__ import annotations

from claimtrack.errors import InvalidDataError
from claimtrack.keys import language_tag, word_key

#: In English and as it is called by those who speak it.
_NAMES = {
    "ar": "arabic | العربية", "bg": "bulgarian | български", "bn": "bengali | বাংলা",
    "ca": "catalan | català", "cs": "czech | čeština", "da": "danish | dansk",
    "de": "german | deutsch", "el": "greek | ελληνικά", "en": "english",
    "es": "spanish | español | castellano", "et": "estonian | eesti",
    "fa": "persian | farsi | فارسی",
    "fi": "finnish | suomi", "fr": "french | français", "he": "hebrew | עברית",
    "hi": "hindi | हिन्दी", "hr": "croatian | hrvatski", "hu": "hungarian | magyar",
    "id": "indonesian | bahasa indonesia", "it": "italian | italiano", "ja": "japanese | 日本語",
    "ka": "georgian | ქართული", "ko": "korean | 한국어", "lt": "lithuanian | lietuvių",
    "lv": "latvian | latviešu", "mk": "macedonian | македонски", "nl": "dutch | nederlands",
    "no": "norwegian | norsk", "pl": "polish | polski", "pt": "portuguese | português",
    "ro": "romanian | română", "ru": "russian | русский", "sk": "slovak | slovenčina",
    "sl": "slovenian | slovenščina", "sq": "albanian | shqip", "sr": "serbian | српски | srpski",
    "sv": "swedish | svenska", "sw": "swahili | kiswahili", "ta": "tamil | தமிழ்",
    "th": "thai | ไทย", "tr": "turkish | türkçe", "uk": "ukrainian | українська",
    "ur": "urdu | اردو", "vi": "vietnamese | tiếng việt", "zh": "chinese | 中文",
}  # fmt: skip
_TAGS = {word_key(name): tag for tag, names in _NAMES.items() for name in names.split("|")}


def read_language(text: str) -> str:
    """A language tag from one that is written in another way ("EN", "pt_BR") or from a name.

    Raises:
        InvalidDataError: it is neither.
    """
    first, *rest = text.strip().replace("_", "-").split("-")
    try:
        return language_tag("-".join([first.lower(), *rest]))
    except InvalidDataError:
        try:
            return _TAGS[word_key(text[:40])]
        except (KeyError, InvalidDataError):
            pass
        raise
