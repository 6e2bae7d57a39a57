"""Labels of database keys in the current language."""

import datetime

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from core.gettext import current_language_code
from core.gettext import gettext as _


def state_label(state: str) -> str:
    """Return the name of a state."""
    return {
        "new": _("new"),
        "in_work": _("in work"),
        "answered": _("answered"),
        "closed": _("closed"),
    }.get(state, state)


def event_label(kind: str, detail: str) -> str:
    """Return the label of an action."""
    return {
        "state": _("set the state to “%(state)s”", state=state_label(detail)),
        "assignee": _("assigned it to %(name)s", name=detail) if detail else _("took the assignment back"),
        "follow-up": follow_up_label(detail) if kind == "follow-up" else "",
        "note": _("wrote a note"),
        "sent-answer": _("sent an answer"),
        "reply": _("entered a reply of the sender"),
        "joined": _("joined it with %(reference)s", reference=detail),
        "separated": _("separated it from %(reference)s", reference=detail),
        "interim": _("noted an interim notice"),
        "released": _("took it out of the suspected spam"),
        "spam": _("marked it as spam"),
        "retry": _("had mails tried again"),
        "corrected": _("corrected answers: %(fields)s", fields=detail),
        "quoted": _("released a quotation"),
        "unquoted": _("took a quotation back"),
        "copied": copy_label(detail),
        "clock": _(
            "noted that the server’s clock was wrong when it came in: it is kept as if it had come in on this day"
        ),
        "erased": _("deleted entries for good: %(number)s", number=detail),
        "survey-counts": _("confirmed that this answer counts in the survey"),
        "survey-excluded": _("decided that this answer does not count in the survey"),
        "survey-reopened": _("took back the decision whether this answer counts"),
        "roles": _("changed the roles: %(roles)s", roles=detail.partition(" ")[2]),
        "account-added": _("made the account"),
        "account-opened": _("opened the account again"),
        "account-closed": _("closed the account"),
        "account-password": _("gave it a new password"),
        "account-factor-on": _("turned the second factor on"),
        "account-factor-off": _("turned the second factor off"),
        "survey-published": _("published the results of the survey"),
        "survey-withdrawn": _("took back the results of the survey"),
    }.get(kind, kind)


def follow_up_label(day: str) -> str:
    """Return that a follow-up was set, or taken back where there is no day."""
    return _("set the follow-up to %(day)s", day=day_label(day)) if day else _("took the follow-up back")


def day_label(day: str) -> str:
    """Return a day that is stored as ``2026-11-30`` in the current language."""
    return format_date(datetime.date.fromisoformat(day), "medium", locale=current_language_code())


def copy_label(detail: str) -> str:
    """Return that a copy was handed out: of which entries, where the detail names them."""
    kind, _blank, rest = detail.partition(" ")
    number, _blank, references = rest.partition(" ")
    if not number:
        return _("handed out a copy to the person (%(kind)s)", kind=kind.upper())
    return _("handed out a copy (%(kind)s) of %(number)s: %(references)s", kind=kind.upper(), number=number, references=references)  # fmt: skip


def channel_label(channel: str) -> str:
    """Return how a message came or went."""
    return {"mail": _("by e-mail"), "phone": _("by phone"), "visit": _("in person")}.get(channel, channel)


def mail_kind_label(kind: str) -> str:
    """Return the label of a mail's kind."""
    if kind.startswith("answer-"):
        return _("answer %(number)s to the sender", number=kind.removeprefix("answer-"))
    return {
        "office": _("to the office"),
        "copy": _("receipt to the sender"),
        "full-copy": _("copy to the sender"),
        "digest": _("digest to a colleague"),
        "alert": _("barrier report to a colleague"),
    }.get(kind, kind)


def mail_state_label(state: str) -> str:
    """Return the state of a mail."""
    return {
        "held": _("held back"),
        "waiting": _("waiting"),
        "sending": _("being sent"),
        "sent": _("sent"),
        "failed": _("given up"),
    }.get(state, state)


def spam_reasons(signs: str) -> list[str]:
    """Return the spam signals as sentences."""
    words = {
        "trap": _("the field that people do not see was filled in"),
        "fast": _("the entries were confirmed within two seconds"),
        "links": _("the text holds web addresses"),
        "hand": _("a colleague marked it"),
        "rate": _("very many forms came from this connection"),
        "recipient": _("this e-mail address was entered many times today, so no receipt was sent to it"),
    }
    return [words.get(sign, sign) for sign in signs.split()]


def counting_label(state: str) -> str:
    """Return whether an answer to the survey counts."""
    return {
        "undecided": _("not decided yet"),
        "counts": _("counts"),
        "excluded": _("does not count"),
        "duplicate": _("does not count: the same company again"),
        "published": _("published"),
    }.get(state, state)


def decision_error(kind: str) -> str:
    """Return why an answer to the survey cannot be decided on."""
    return {
        "missing": _("This answer to the survey does not exist."),
        "held": _("This answer is held as suspected spam. Release it first."),
        "published": _("This answer is published already. Published numbers never change, because the difference would tell of this company."),
    }[kind]  # fmt: skip


def language_label(code: str) -> str:
    """Return the name of a language in the current one; the code where it has none."""
    try:
        return Locale.parse(code).get_language_name(current_language_code()) or code
    except (UnknownLocaleError, ValueError):
        return code


def role_label(role: str) -> str:
    """Return the label of a role."""
    name, _colon, code = role.partition(":")
    return {
        "inbox": _("Inbox: read and work on what people sent"),
        "edit": _("Pages: change them as drafts"),
        "publish": _("Pages: publish changes"),
        "translate": _("Pages: translate (%(language)s)", language=language_label(code)),
        "admin": _("Accounts: give roles"),
    }.get(name, role)


def account_error(kind: str) -> str:
    """Return why an account or a password is refused."""
    return {
        "taken": _("An account of this name exists already."),
        "name": _("A name has 1 to 100 visible characters."),
        "missing": _("This account is no longer there."),
        "last-admin": _("This is the last account that can give roles and log in. Nothing was changed. Give somebody else this role first."),
        "length": _("A password has 12 to 200 characters."),
        "blank": _("The password consists of blanks only."),
        "digits": _("The password consists of digits and signs only. Take several words."),
        "repeats": _("The password repeats few characters. Take several words that do not belong together."),
        "sequence": _("The password consists almost only of sequences or repetitions and is easy to guess. Take several words that do not belong together."),
        "own-name": _("The password consists almost only of your own name and is easy to guess. Take several words that do not belong together."),
        "city": _("The password consists almost only of names of the place, this service or your own and is easy to guess. Take several words that do not belong together."),
        "common": _("The password consists almost only of very common words and is easy to guess. Take several words that do not belong together."),
    }[kind]  # fmt: skip
