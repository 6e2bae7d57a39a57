"""The own account and its second factor; accounts and roles in the hands of an admin."""

from __future__ import annotations

import base64
import datetime
import re
import threading

import pytest
from flask import Flask

from form_handler.settings import Settings
from form_handler.staff.auth import accounts, administration, second_factor, sessions
from form_handler.storage.backup import restore_backup, write_backup
from form_handler.storage.database import Database
from tests.form_handler.staff.test_staff_area import PASSWORD, Clerk

NOW = datetime.datetime.now(datetime.UTC)
NEW_PASSWORD = "vierzig lila giraffen tanzen"
# RFC 6238, appendix B: the key as ASCII, the time in seconds, the last six digits of the code with SHA-1.
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_CODES = [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")]  # fmt: skip


def at(seconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


@pytest.fixture
def clerk(app: Flask, database: Database) -> Clerk:
    """An admin who is logged in."""
    accounts.add_account(database, "Probe", PASSWORD, NOW, ("inbox", "admin"))
    one = Clerk(app)
    assert one.log_in().status_code == 303
    return one


def code_now(secret: str, later: int = 0) -> str:
    """Return the code of this moment, or of steps later."""
    return second_factor.totp_code(secret, int(datetime.datetime.now(datetime.UTC).timestamp()) // 30 + later)


def turn_on(clerk: Clerk) -> tuple[str, list[str]]:
    """Turn the second factor on; return its key and the recovery codes."""
    page = clerk.get("konto/zweiter-faktor/").text
    found = re.search(r'class="kim-staff-key" dir="ltr">([A-Z2-7 ]+)<', page)
    setup = re.search(r'name="setup" value="([^"]+)"', page)
    assert found is not None
    assert setup is not None
    secret = found[1].replace(" ", "")
    answer = clerk.post(
        "konto/zweiter-faktor/", "konto/zweiter-faktor/", setup=setup[1], code=code_now(secret, -1), password=PASSWORD
    )
    codes = re.findall(r"<code>([0-9a-z-]{19})</code>", answer.text)
    assert (answer.status_code, len(codes)) == (200, 10)
    return secret, codes


@pytest.mark.parametrize(("seconds", "code"), RFC_CODES)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert second_factor.totp_code(RFC_SECRET, seconds // 30) == code
    assert second_factor.matching_step(RFC_SECRET, f" {code[:3]} {code[3:]} ", at(seconds)) == seconds // 30
    assert second_factor.matching_step(RFC_SECRET, code, at(seconds + 30)) == seconds // 30, "clocks differ"
    assert second_factor.matching_step(RFC_SECRET, code, at(seconds + 90)) is None
    assert second_factor.matching_step(RFC_SECRET, code, at(seconds), seconds // 30) is None, "used"


@pytest.mark.parametrize("code", ["", "0", "12345", "1234567", "abcdef", "٢٨٧٠٨٢", "28708²", "\x00", "x" * 1000])
def test_what_is_no_code_is_refused(code: str) -> None:
    assert second_factor.matching_step(RFC_SECRET, code, at(59)) is None


def test_the_second_factor_is_asked_for_and_no_code_is_taken_twice(app: Flask, clerk: Clerk) -> None:
    secret, _codes = turn_on(clerk)
    other = Clerk(app)
    assert other.log_in().location.endswith("/eingang/anmelden/code/")
    assert other.get().status_code == 303, "the password alone opens nothing"
    code = code_now(secret)
    assert other.post("anmelden/code/", "anmelden/code/", code=code).location.endswith("/eingang/")
    assert other.get().status_code == 200
    third = Clerk(app)
    third.log_in()
    assert third.post("anmelden/code/", "anmelden/code/", code=code).status_code == 403, "used"
    assert third.get().status_code == 303


def use_by_many(database: Database, settings: Settings, account_id: int, code: str) -> list[bool]:
    """Use a code in four requests at the same time; return whether each was taken, sorted."""
    answers: list[bool] = []
    now = datetime.datetime.now(datetime.UTC)

    def ask() -> None:
        answers.append(second_factor.check_code(database, settings.secret_keys, account_id, code, now))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sorted(answers)


def test_a_code_in_several_requests_at_once_is_taken_once(clerk: Clerk, database: Database, settings: Settings) -> None:
    secret, codes = turn_on(clerk)
    assert use_by_many(database, settings, 1, code_now(secret)) == [False, False, False, True]
    with database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM rate")
    assert use_by_many(database, settings, 1, codes[0]) == [False, False, False, True]


def test_a_recovery_code_is_taken_once_in_any_spelling(app: Flask, clerk: Clerk, database: Database) -> None:
    _secret, codes = turn_on(clerk)
    for spelling, status in ((codes[0].upper().replace("-", " "), 303), (codes[0], 403), (codes[1], 303)):
        other = Clerk(app)
        other.log_in()
        assert other.post("anmelden/code/", "anmelden/code/", code=spelling).status_code == status, spelling
    assert second_factor.count_recovery_codes(database, 1) == 8
    with database.read_connection() as connection:
        stored = connection.exec_driver_sql("SELECT code_hash FROM recovery_code").scalars().all()
    assert not {code.replace("-", "") for code in codes} & set(stored)
    assert codes[2] not in clerk.get("konto/").text, "shown once"


def test_guessing_codes_is_throttled_even_for_the_right_one(app: Flask, clerk: Clerk) -> None:
    secret, _codes = turn_on(clerk)
    other = Clerk(app)
    other.log_in()
    for _ in range(second_factor.MAX_FAILURES):
        assert other.post("anmelden/code/", "anmelden/code/", code="000000").status_code == 403
    answer = other.post("anmelden/code/", "anmelden/code/", code=code_now(secret))
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)


def test_without_a_password_in_this_browser_no_code_is_asked_for(app: Flask, clerk: Clerk) -> None:
    turn_on(clerk)
    assert Clerk(app).get("anmelden/code/").location.endswith("/eingang/anmelden/")


def test_a_wrong_code_or_password_does_not_turn_it_on(clerk: Clerk, database: Database) -> None:
    page = clerk.get("konto/zweiter-faktor/").text
    setup = re.search(r'name="setup" value="([^"]+)"', page)
    key = re.search(r'dir="ltr">([A-Z2-7 ]+)<', page)
    assert setup is not None
    assert key is not None
    path = "konto/zweiter-faktor/"
    good = code_now(key[1].replace(" ", ""))
    assert clerk.post(path, path, setup=setup[1], code="000000", password=PASSWORD).status_code == 422
    assert clerk.post(path, path, setup=setup[1], code=good, password="falsch").status_code == 422
    assert clerk.post(path, path, setup="gefälscht", code=good, password=PASSWORD).status_code == 422
    assert not second_factor.is_enabled(database, 1)


def test_the_key_is_encrypted_and_former_keys_of_the_service_still_open_it(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    secret, codes = turn_on(clerk)
    with database.read_connection() as connection:
        assert secret not in str(connection.exec_driver_sql("SELECT * FROM second_factor").all())
    now = datetime.datetime.now(datetime.UTC)
    assert second_factor.check_code(database, (*settings.secret_keys, "n" * 40), 1, code_now(secret), now)
    lost = ("m" * 40,)
    assert not second_factor.check_code(database, lost, 1, code_now(secret, 1), now)
    assert second_factor.check_code(database, lost, 1, codes[0], now), "a recovery code needs no key"


def test_accounts_and_second_factors_survive_a_backup(
    clerk: Clerk, database: Database, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from form_handler.settings import read_settings

    _secret, codes = turn_on(clerk)
    folder = tmp_path_factory.mktemp("backup")
    write_backup(database, folder / "a.zip")
    back = Database(read_settings({"KIM_DATA_DIR": str(folder / "var")}))
    restore_backup(back, folder / "a.zip")
    assert second_factor.check_code(back, settings.secret_keys, 1, codes[0], datetime.datetime.now(datetime.UTC))
    back.engine.dispose()


# --- password and sessions ----------------------------------------------------------------------------------------


def test_a_clerk_changes_the_password_and_all_other_sessions_end(app: Flask, clerk: Clerk) -> None:
    other = Clerk(app)
    other.log_in()
    wrong = {"password": "falsch", "new": NEW_PASSWORD, "again": NEW_PASSWORD}
    assert clerk.post("konto/passwort", "konto/", **wrong).status_code == 422
    assert clerk.post("konto/passwort", "konto/", password=PASSWORD, new=NEW_PASSWORD, again="x").status_code == 422
    weak = clerk.post("konto/passwort", "konto/", password=PASSWORD, new="passwort12345", again="passwort12345")
    assert "sehr häufigen Wörtern" in weak.text
    done = clerk.post("konto/passwort", "konto/", password=PASSWORD, new=NEW_PASSWORD, again=NEW_PASSWORD)
    assert done.status_code == 303
    assert clerk.get("konto/").status_code == 200, "this session goes on"
    assert other.get().status_code == 303, "that one ended"
    assert Clerk(app).log_in(password=PASSWORD).status_code == 403
    assert Clerk(app).log_in(password=NEW_PASSWORD).status_code == 303


def test_guessing_the_present_password_is_throttled(clerk: Clerk) -> None:
    data = {"password": "falsch", "new": NEW_PASSWORD, "again": NEW_PASSWORD}
    statuses = [clerk.post("konto/passwort", "konto/", **data).status_code for _ in range(20)]
    assert 429 in statuses


def test_sessions_are_listed_and_ended_by_their_owner_only(app: Flask, clerk: Clerk, database: Database) -> None:
    accounts.add_account(database, "Zweite", PASSWORD, NOW)
    stranger, other = Clerk(app), Clerk(app)
    stranger.log_in("zweite")
    other.client.environ_base["HTTP_USER_AGENT"] = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0"
    )
    other.log_in()
    page = clerk.get("konto/").text
    assert "Edge, Windows" in page
    (identity,) = re.findall(r'name="id" value="([0-9a-f]{16})"', page)
    stranger.post("konto/sitzungen", "konto/", id=identity)
    assert other.get().status_code == 200, "of another account"
    clerk.post("konto/sitzungen", "konto/", id=identity)
    assert other.get().status_code == 303
    other.log_in()
    clerk.post("konto/sitzungen", "konto/")
    assert (clerk.get().status_code, other.get().status_code, stranger.get().status_code) == (200, 303, 200)


@pytest.mark.parametrize(
    ("agent", "name"),
    [("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
     ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1", "Safari, iOS"),
     ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
     ("", ""), ("curl/8", ""), ("<script>", "")],
)  # fmt: skip
def test_a_browser_is_named_without_versions(agent: str, name: str) -> None:
    assert sessions.describe_browser(agent) == name


# --- accounts of others -------------------------------------------------------------------------------------------


def test_an_admin_adds_an_account_and_its_password_is_shown_once(app: Flask, clerk: Clerk) -> None:
    answer = clerk.post("konten/", "konten/", name=" Neue.Person ", role=["inbox"])
    found = re.search(r'class="kim-staff-key" dir="ltr">([^<]+)<', answer.text)
    assert found is not None
    fresh = Clerk(app)
    assert fresh.log_in("neue.person", found[1]).status_code == 303
    assert fresh.get("konten/").status_code == 403, "no admin"
    assert found[1] not in clerk.get("konten/").text
    assert clerk.post("konten/", "konten/", name="neue.person", role=["inbox"]).status_code == 422
    assert clerk.post("konten/", "konten/", name="andere", role=[]).status_code == 422


def test_the_last_admin_cannot_be_locked_out(clerk: Clerk, database: Database) -> None:
    assert "letzte Konto" in clerk.post("konten/1/rollen", "konten/1/", role=["inbox"], active="yes").text
    assert "letzte Konto" in clerk.post("konten/1/rollen", "konten/1/", role=["inbox", "admin"]).text
    accounts.add_account(database, "ohne", None, NOW, ("admin",))
    assert clerk.post("konten/1/rollen", "konten/1/", role=["inbox"], active="yes").status_code == 422, "no log-in"
    accounts.add_account(database, "zweite", PASSWORD, NOW, ("admin",))
    assert clerk.post("konten/1/rollen", "konten/1/", role=["inbox"], active="yes").status_code == 303
    assert clerk.get("konten/").status_code == 403


def take_admin_from_both(database: Database, ids: list[int]) -> list[str]:
    """Take the role of an admin from two accounts at the same time; return what was refused."""
    refused: list[str] = []

    def take(account_id: int) -> None:
        try:
            administration.update_account(database, account_id, {"inbox"}, True, False, "probe", NOW)
        except accounts.AccountError as error:
            refused.append(error.kind)

    threads = [threading.Thread(target=take, args=(number,)) for number in ids]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return refused


def test_two_admins_who_take_each_others_role_leave_one(clerk: Clerk, database: Database) -> None:
    accounts.add_account(database, "zweite", PASSWORD, NOW, ("admin",))
    assert take_admin_from_both(database, [1, 2]) == ["last-admin"]
    assert sum("admin" in one.roles for one in administration.list_details(database)) == 1


def test_closing_new_password_and_reset_of_the_second_factor_take_effect_at_once(
    app: Flask, clerk: Clerk, database: Database
) -> None:
    accounts.add_account(database, "zweite", PASSWORD, NOW, ("inbox",))
    other = Clerk(app)
    other.log_in("zweite")
    turn_on(other)
    clerk.post("konten/2/zweiter-faktor", "konten/2/")
    assert not second_factor.is_enabled(database, 2)
    answer = clerk.post("konten/2/passwort", "konten/2/")
    assert other.get().status_code == 303
    found = re.search(r'class="kim-staff-key" dir="ltr">([^<]+)<', answer.text)
    assert found is not None
    assert other.log_in("zweite", found[1]).location.endswith("/eingang/")
    clerk.post("konten/2/rollen", "konten/2/", role=["inbox"])
    assert other.get().status_code == 303
    assert other.log_in("zweite", found[1]).status_code == 403, "closed"
    log = clerk.get("konten/").text
    for words in ("hat den zweiten Faktor ausgeschaltet", "ein neues Passwort gegeben", "hat das Konto geschlossen"):
        assert words in log


@pytest.mark.parametrize("path", ["konten/", "konten/1/", "konten/1/rollen", "konten/1/passwort", "konten/1/zweiter-faktor"])  # fmt: skip
def test_only_admins_open_the_accounts(app: Flask, clerk: Clerk, database: Database, path: str) -> None:
    accounts.add_account(database, "zweite", PASSWORD, NOW, ("inbox", "edit", "publish"))
    other = Clerk(app)
    other.log_in("zweite")
    answer = other.get(path) if path.endswith("/") else other.post(path, "konto/")
    assert answer.status_code == 403
