"""Names that stand for nobody, and names of people that look like them."""

from __future__ import annotations

import pytest

from claimtrack.interchange.placeholders import placeholder


@pytest.mark.parametrize(
    "name",
    [
        "Fuentes múltiples", "FUENTES MULTIPLES", "multiple sources", "Multiple Sources.",
        "Various", "Social media users", "Unknown", "N/A", "n.a.", "Viral post", "Viral Posts",
        "Publicaciones en redes sociales", "Facebook posts", "multiple Facebook users",
        "A viral TikTok video", "Usuarios de Facebook", "Usuários de WhatsApp", "Internautes",
        "Nutzer in sozialen Medien", "utilisateurs de Facebook", "Chain email", "Bloggers", "-",
        "?", " ", "", "\u200b", "Anonymous", "Autor desconocido", "Sources multiples",
        "Пользователи соцсетей", "مصادر متعددة", "सोशल मीडिया यूजर्स", "網傳", "여러 출처",
        "Fuente desconocida", "Fonte desconhecida", "Source inconnue", "Unbekannte Quelle",
        "Quelle unbekannt", "Unnamed", "Unidentified people", "Distintas fuentes", "Otros",
        "várias pessoas", "Sources variées", "Multiple news outlets", "Multiple online sources",
        "Posts em redes sociais", "Sosyal medya paylaşımları", "Posty na Facebooku",
        "Пользователи Facebook", "مستخدمو فيسبوك", "Beberapa sumber", "多个消息来源",
        "Posts compartidos en Facebook", "Public Facebook page", "Fake news sites", "Sin fuente",
        "Thousands of social media users", "Chinese social media users", "Korean Twitter users",
        "Circula en redes sociales", "autoria desconhecida", "Người dùng Facebook",
        "ผู้ใช้เฟซบุ๊ก", "多個網上來源",
    ],
)  # fmt: skip
def test_a_name_that_stands_for_nobody(name: str) -> None:
    assert placeholder(name)


@pytest.mark.parametrize(
    "name",
    [
        "Facebook", "X", "The New Forum", "Na Li", "An Na", "Max Post", "Larry Page",
        "Unknown Soldier Memorial Trust", "Various Artists Guild", "Anonymous Sudan",
        "Viral Shah", "Ministry of Social Media Affairs", "Elena Webb", "Video Nasty Records",
        "De la Fuente", "Fuentes", "Fontes", "Quelle", "Bron", "Pessoa", "News Corp", "The Other",
        "Public Citizen", "Chinese Users Union", "Users First", "Millions March",
    ],
)  # fmt: skip
def test_a_name_that_may_be_somebodys(name: str) -> None:
    assert not placeholder(name)
