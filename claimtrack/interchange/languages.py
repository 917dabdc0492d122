"""The language that a file says a text is in, as a tag or by its name. Pure."""

from __future__ import annotations

import re

from claimtrack.errors import InvalidDataError
from claimtrack.keys import language_tag, word_key

#: In English and as it is called by those who speak it.
_NAMES = {
    "af": "afrikaans", "am": "amharic | አማርኛ", "ar": "arabic | العربية", "as": "assamese",
    "az": "azerbaijani | azeri | azərbaycan", "be": "belarusian | беларуская",
    "bg": "bulgarian | български", "bn": "bengali | bangla | বাংলা", "bs": "bosnian | bosanski",
    "ca": "catalan | català", "cs": "czech | čeština", "cy": "welsh | cymraeg",
    "da": "danish | dansk", "de": "german | deutsch", "el": "greek | ελληνικά", "en": "english",
    "es": "spanish | español | castellano", "et": "estonian | eesti", "eu": "basque | euskara",
    "fa": "persian | farsi | فارسی", "fi": "finnish | suomi", "fr": "french | français",
    "ga": "irish | gaeilge", "gl": "galician | galego", "gu": "gujarati | ગુજરાતી", "ha": "hausa",
    "he": "hebrew | עברית", "hi": "hindi | हिन्दी", "hr": "croatian | hrvatski",
    "ht": "haitian creole | kreyòl ayisyen", "hu": "hungarian | magyar", "hy": "armenian | հայերեն",
    "id": "indonesian | bahasa indonesia", "ig": "igbo", "is": "icelandic | íslenska",
    "it": "italian | italiano", "ja": "japanese | 日本語", "ka": "georgian | ქართული",
    "kk": "kazakh | қазақша", "km": "khmer | ខ្មែរ", "kn": "kannada | ಕನ್ನಡ", "ko": "korean | 한국어",
    "ku": "kurdish | kurdî", "ckb": "sorani | central kurdish", "kmr": "kurmanji | kurmancî",
    "ky": "kyrgyz | кыргызча", "ln": "lingala", "lo": "lao", "lt": "lithuanian | lietuvių",
    "lv": "latvian | latviešu", "mk": "macedonian | македонски", "ml": "malayalam | മലയാളം",
    "mn": "mongolian | монгол", "mr": "marathi | मराठी", "ms": "malay | bahasa melayu",
    "mt": "maltese | malti", "my": "burmese | မြန်မာ", "ne": "nepali | नेपाली",
    "nl": "dutch | nederlands", "no": "norwegian | norsk", "om": "oromo | afaan oromoo",
    "or": "odia", "pa": "punjabi | ਪੰਜਾਬੀ", "pl": "polish | polski", "prs": "dari",
    "ps": "pashto | پښتو", "pt": "portuguese | português", "ro": "romanian | română",
    "ru": "russian | русский", "rw": "kinyarwanda", "si": "sinhala | සිංහල",
    "sk": "slovak | slovenčina", "sl": "slovenian | slovenščina", "so": "somali | soomaali",
    "sq": "albanian | shqip", "sr": "serbian | српски | srpski", "sv": "swedish | svenska",
    "sw": "swahili | kiswahili", "ta": "tamil | தமிழ்", "te": "telugu | తెలుగు",
    "tg": "tajik | тоҷикӣ", "th": "thai | ไทย", "ti": "tigrinya | ትግርኛ",
    "tl": "tagalog | filipino", "tr": "turkish | türkçe", "uk": "ukrainian | українська",
    "ur": "urdu | اردو", "uz": "uzbek | o‘zbek", "vi": "vietnamese | tiếng việt",
    "xh": "xhosa | isixhosa", "yo": "yoruba | yorùbá", "yue": "cantonese | 粵語",
    "zh": "chinese | mandarin | 中文", "zh-Hans": "simplified chinese | 简体中文",
    "zh-Hant": "traditional chinese | 繁體中文", "zu": "zulu | isizulu",
}  # fmt: skip
_TAGS = {word_key(name): tag for tag, names in _NAMES.items() for name in names.split("|")}
#: What programs write behind a language, in brackets, and the subtag that it is.
_VARIANTS = {
    word_key(name): tag
    for tag, names in {
        "US": "us | united states | america", "GB": "uk | united kingdom | britain",
        "AU": "australia", "BR": "brazil | brasil", "CA": "canada", "MX": "mexico",
        "ES": "spain", "FR": "france", "DE": "germany", "CH": "switzerland", "PT": "portugal",
        "TW": "taiwan", "HK": "hong kong", "Hans": "simplified", "Hant": "traditional",
        "Cyrl": "cyrillic", "Latn": "latin",
    }.items()
    for name in names.split("|")
}  # fmt: skip
_BRACKETS = re.compile(r"([^()]{1,40})\(([^()]{1,40})\)")


def read_language(text: str) -> str:
    """A language tag from one that is written in another way ("EN", "pt_BR") or from a name.

    A name may have a variety behind it: "Chinese (Traditional)". One that isn't known is passed by.

    Raises:
        InvalidDataError: it is neither.
    """
    first, *rest = text.strip().replace("_", "-").split("-")
    try:
        return language_tag("-".join([first.lower(), *rest]))
    except InvalidDataError:
        try:
            if match := _BRACKETS.fullmatch(text.strip()):
                tag = _TAGS[word_key(match[1])]
                variant = _VARIANTS.get(word_key(match[2]))
                return f"{tag}-{variant}" if variant else tag
            return _TAGS[word_key(text[:40])]
        except (KeyError, InvalidDataError):
            pass
        raise
