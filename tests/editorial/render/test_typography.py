"""Parts that are read as one stay on one line, in every language; what is no prose stays as it is."""

from __future__ import annotations

import pytest

from editorial.render.typography import bind_spaces


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("nach § 24 AufenthG", "nach §_24 AufenthG"),
        ("§§ 16, 17 BBiG", "§§_16, 17 BBiG"),
        ("nach §\n60c", "nach §_60c"),
        ("§ 25a Abs. 1 Satz 2 Nr. 3", "§_25a Abs._1 Satz_2 Nr._3"),
        ("Art. 15 DSGVO", "Art._15 DSGVO"),
        ("Artikel 15 und Absatz 2", "Artikel_15 und Absatz_2"),
        ("z. B. Kita, u. a. hier, d. h. bald", "z._B. Kita, u._a. hier, d._h. bald"),
        ("i. d. R. zwei", "i._d._R. zwei"),
        ("т. е. так", "т._е. так"),
        ("538 € im Monat, € 20, 20 Euro, 5 % mehr", "538_€ im Monat, €_20, 20_Euro, 5_% mehr"),
        ("um 8 Uhr, 3 km, 40 m², 24 kB", "um 8_Uhr, 3_km, 40_m², 24_kB"),
        ("ст. 15, № 2, 100 евро", "ст._15, №_2, 100_евро"),
        ("المادة § 24، 259 يورو", "المادة §_24، 259_يورو"),
        ("ust. 1 pkt 2, 300 zł", "ust._1 pkt_2, 300_zł"),
        ("ein Satz mit 3 Menschen in Nr. zwei", "ein Satz mit 3 Menschen in Nr. zwei"),
        ("am Ende A. Dann B. Und", "am Ende A. Dann B. Und"),
        ("02041 70 0, 46236 Bottrop", "02041 70 0, 46236 Bottrop"),
        ("3 Monate, 5 Menschen, 2 Garagen", "3 Monate, 5 Menschen, 2 Garagen"),
    ],
)
def test_what_belongs_together_stays_on_one_line(written: str, shown: str) -> None:
    assert bind_spaces(f"<p>{written}</p>") == f"<p>{shown}</p>".replace("_", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize(
    "html",
    [
        '<a title="§ 24" href="/?q=§ 24">x</a>',
        "<option>§ 24 AufenthG</option>",
        "<textarea>§ 24</textarea>",
        '<script type="application/ld+json">{"name": "§ 24"}</script>',
        "<title>§ 24</title>",
        "<code>5 %</code>",
    ],
)
def test_attributes_fields_and_scripts_stay_as_they_are(html: str) -> None:
    assert bind_spaces(html) == html
