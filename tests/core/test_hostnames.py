"""An address that looks like another one is refused."""

from __future__ import annotations

import pytest

from core.text.values import find_confusable_label, public_url_error


@pytest.mark.parametrize(
    "host",
    [
        "bоttrop.de", "bottrοp.example", "аррӏе.example", "xn--80ak6aa92e.example", "ɑmt.example", "amtı.example",
        "аmt.рф", "bottrop。de", "ｂottrop.example", "аҧсуа.example",
    ],
)  # fmt: skip
def test_a_disguised_host_is_named(host: str) -> None:
    assert find_confusable_label(host)
    assert public_url_error(f"https://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        "www.bottrop.de", "straße.example", "münchen.example", "łódź.example", "xn--mnchen-3ya.example", "президент.рф", "xn--d1abbgf6aiiy.xn--p1ai",
        "موقع.وزارة-الأتصالات.مصر", "a-1.example",
    ],
)  # fmt: skip
def test_a_name_of_one_script_is_allowed(host: str) -> None:
    assert find_confusable_label(host) == ""
