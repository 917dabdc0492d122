"""Names that stand for nobody: "multiple sources", "Fuentes múltiples", "viral post".

Houses must fill in who made a claim, and where many did, or nobody knows, they write words such
as these. A person of that name would collect the claims of thousands. Pure.
"""

from __future__ import annotations

from claimtrack.errors import InvalidDataError
from claimtrack.keys import word_key, words_of

#: Whole names, in the languages that fact-checks come in; compared folded.
_NAMES = """
    unknown | unknown author | unknown speaker | unknown source | author unknown | anonymous
    n a | na | none | null | nil | undefined | not available | not applicable | no author | nan
    tbd | various | various authors | various sources | various people | various users
    various speakers | multiple | multiple sources | multiple people | multiple authors
    multiple users | several | multiple speakers | several sources | several people
    several users | many | many people | many sources | different sources | numerous sources
    others | other | et al | everyone | somebody | someone | people | nobody | users | user
    netizens | public | the public | misc | internet | the internet | online | web | website
    websites | social media | social network | social networks | social media account
    social media accounts | blog | bloggers | blog posts | rumor | rumors | rumour | rumours
    viral | viral claim | viral claims | viral content | viral rumor | viral rumour
    chain message | chain messages | chain email | chain emails | chain mail | email | emails
    whatsapp message | whatsapp messages | whatsapp forward | memes | meme | forwarded message
    forwarded messages | fake news websites | conspiracy theorists | autor desconocido
    desconocido | desconocida | autores varios | varios | varios autores | varias
    varias fuentes | varias personas | multiples fuentes | fuentes multiples | fuentes varias
    multiples usuarios | multiples autores | diversas fuentes | diversos | diversos usuarios
    anonimo | anonima | sin autor | sin identificar | no identificado | internautas
    redes sociales | en redes sociales | redes | cadena de whatsapp | mensaje de whatsapp
    cadena | viral en redes | desconhecido | autor desconhecido | varias fontes
    multiplas fontes | fontes multiplas | diversas fontes | autores diversos | varios usuarios
    internautas diversos | correntes de whatsapp | corrente de whatsapp | sites
    nas redes sociais | redes sociais diversas | inconnu | inconnue | auteur inconnu | anonyme
    divers | diverses sources | sources multiples | multiples sources | plusieurs sources
    plusieurs internautes | plusieurs utilisateurs | sources diverses | reseaux sociaux
    les reseaux sociaux | internaute | des internautes | utilisateurs
    utilisateurs des reseaux sociaux | chaine whatsapp | sconosciuto | autore sconosciuto
    fonti varie | varie fonti | fonti multiple | utenti vari | autori vari | vari utenti
    social network vari | utenti social | catena whatsapp | rete | unbekannt | unbekannter autor
    verschiedene | diverse | verschiedene quellen | diverse quellen | mehrere quellen
    mehrere nutzer | mehrere personen | verschiedene nutzer | soziale medien | soziale netzwerke
    social media nutzer | nutzer sozialer medien | nutzer sozialer netzwerke | internetnutzer
    anonym | kettenbrief | onbekend | diverse bronnen | meerdere bronnen | anoniem
    verschillende bronnen | sociale media | okand | ukjent | ukendt | tuntematon | flere kilder
    flera kallor | sosiale medier | sociala medier | sociale medier | nieznany | autor nieznany
    rozne zrodla | wiele zrodel | media spolecznosciowe | internauci | neznamy | ruzne zdroje
    rozni | vice zdroju | socialni site | nepoznat | nepoznato | vise izvora | razni izvori
    drustvene mreze | drustvene mreze korisnici | ismeretlen | tobb forras | necunoscut
    surse multiple | retele sociale | diverse surse | bilinmiyor | cesitli kaynaklar
    sosyal medya | anonim | sosyal medya kullanicilari | cesitli kullanicilar
    birden fazla kaynak | tidak diketahui | berbagai sumber | media sosial
    pengguna media sosial | warganet | netizen | pesan berantai | неизвестно | неизвестный
    неизвестен | разные источники | несколько источников | соцсети | социальные сети
    пользователи соцсетей | пользователи социальных сетей | аноним | анонимный | невідомо
    невідомий | різні джерела | соцмережі | соціальні мережі | користувачі соцмереж | αγνωστος
    αγνωστο | πολλαπλες πηγες | διαφορες πηγες | μεσα κοινωνικης δικτυωσης | مصادر متعددة
    عدة مصادر | مصادر مختلفة | مجهول | غير معروف | مواقع التواصل الاجتماعي | مستخدمون
    رواد مواقع التواصل الاجتماعي | مستخدمو مواقع التواصل الاجتماعي | وسائل التواصل الاجتماعي
    منابع متعدد | ناشناس | کاربران شبکه های اجتماعی | לא ידוע | מקורות שונים | רשתות חברתיות
    अज्ञात | सोशल मीडिया | सोशल मीडिया यूजर्स | सोशल मीडिया यूजर | सोशल मीडिया उपयोगकर्ता
    कई स्रोत | অজ্ঞাত | সোশ্যাল মিডিয়া | 多個來源 | 多个来源 | 多方來源 | 網友 | 网友 | 網傳
    网传 | 社交媒體 | 社交媒体 | 社群媒體 | 不明 | 未知 | 匿名 | 複数のソース | 複数の情報源
    ソーシャルメディア | 不特定多数 | sns | sns ユーザー | 여러 출처 | 다수 출처 | 다수 | 익명
    소셜 미디어 | 소셜미디어 | 불명 | 알 수 없음 | otros | otras | outros | outras | autres
    altri | andere | multiples | multiple media | unnamed | unidentified
    unspecified | undisclosed | online media | various media | unknown person
    fuente desconocida | fuentes desconocidas | origen desconocido | fuentes diversas
    distintas fuentes | diferentes fuentes | numerosas fuentes | fuentes diferentes
    fuentes distintas | distintos medios | diversos medios | varios medios
    fonte desconhecida | fontes desconhecidas | diferentes fontes | fontes diversas
    origem desconhecida | source inconnue | origine inconnue | sources variees | autre
    unbekannte quelle | quelle unbekannt | fonte sconosciuta | onbekende bron
    posty na facebooku | posty w mediach spolecznosciowych
    uzytkownicy facebooka | uzytkownicy internetu | uzytkownicy mediow spolecznosciowych
    circula en redes sociales | circula en redes | circulan en redes sociales
    circula nas redes sociais | circulam nas redes sociais | sin fuente | sin fuentes | sem fonte
    sans source | senza fonte | ohne quelle | no source | autoria desconhecida | autoria desconocida
    nguoi dung facebook | nguoi dung mang xa hoi | nguoi dung tiktok | cu dan mang | mang xa hoi
    ผู้ใช้เฟซบุ๊ก | ผู้ใช้โซเชียลมีเดีย | ผู้ใช้ทวิตเตอร์ | 多個網上來源 | 多个网上来源 | 網上流傳 | 网上流传
    社交媒體用戶 | 社交媒体用户 | 臉書用戶 | 脸书用户
    пользователи facebook | пользователи фейсбука | пользователи интернета
    користувачі facebook | користувачі фейсбуку | مستخدمو فيسبوك | مستخدمو تويتر
    مستخدمون على فيسبوك | صفحات على فيسبوك | beberapa sumber | banyak sumber | विभिन्न स्रोत
    कई सोशल मीडिया यूजर्स | 多方来源 | 多個消息來源 | 多个消息来源
"""
#: A name of these words and nothing else is of some unnamed people: "Viral Facebook posts",
#: "multiple Twitter users", "Publicaciones en redes sociales".
_SITES = """
    facebook twitter x instagram tiktok youtube whatsapp telegram reddit threads weibo vk
    line wechat social media sociales sociaux sociais internet online web fb viber kakaotalk
    rrss wa ig redes reseaux sosyal sosial sociali sozialen soziale medien netzwerken
    network networks
"""
_MAKERS = """
    post posts user users account accounts page pages video videos message messages meme memes
    photo photos image images article articles claim claims tweet tweets rumor rumors rumour rumours
    website websites site sites blog blogs group groups forward forwards blogger bloggers content
    email emails source sources outlet outlets people persons speaker speakers author authors
    quellen bronnen autores auteurs personas pessoas personnes persone personen
    publicacion publicaciones usuario usuarios usuarias cuenta cuentas pagina paginas cadena cadenas
    mensaje mensajes internautas perfiles perfil posteos posteo tuit tuits imagenes imagen foto
    fotos publicacao publicacoes postagem postagens usuarios mensagem mensagens conta contas perfis
    corrente correntes publication publications internaute internautes utilisateur utilisateurs
    compte comptes messages beitrag beitrage nutzer nutzerinnen user beitraege postings posting
    gebruikers gebruiker bericht berichten utenti utente pagine pubblicazioni pengguna akun unggahan
    kullanicilari kullanicisi paylasimlari medya paylasimlar gonderi gonderiler
"""
_LINKS = """
    multiple various several many numerous different viral anonymous unknown some widespread popular
    widely shared circulating chain fake public thousands hundreds millions dozens a an the on
    in of from by and or via across unnamed unidentified unspecified undisclosed news
    em desconocido desconocida desconocidos desconocidas desconhecido desconhecida
    desconhecidos desconhecidas inconnu inconnue inconnus inconnues unbekannt unbekannte
    unbekannter unbekannten sconosciuto sconosciuta sconosciuti sconosciute onbekende
    compartido compartidos compartida compartidas compartilhado compartilhados
    diferentes varie variee varies variees anonimo anonima anonimos anonimas anonyme anonymes
    en las los el la de del do da dos das nas nos no na e y o un una por varios varias multiples
    virales viral diversos diversas distintos distintas varios varias sur les des dans plusieurs
    divers diverses viraux et ou im in auf von und verschiedene mehrere diverse virale viraler
    di su sui dei degli vari varie op van meerdere diverse
"""


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEYS = frozenset(word_key(name) for name in _NAMES.replace("\n", "|").split("|") if name.strip())
_NOBODY = _split(_MAKERS) | _split(_LINKS) | _split(_SITES)
_TELLING = _split(_MAKERS)
#: Whose users they are says where, not who: "Chinese social media users", "Reddit users".
_USERS = _split("users netizens")
_PLACES = _split(_SITES)


def placeholder(name: str) -> bool:
    """Whether a name stands for nobody in particular, so that no speaker should be made of it.

    "Facebook" alone is a company that may well have said something; "Facebook users" is nobody.
    A name without a letter or a digit ("-", "?") is nobody, too.
    """
    try:
        words = words_of(name[:500])
        if not words or word_key(name[:500]) in _KEYS:
            return True
    except InvalidDataError:
        return True
    if len(words) > 1 and words[-1] in _USERS and words[-2] in _PLACES:
        return True
    return _NOBODY.issuperset(words) and not _TELLING.isdisjoint(words)
