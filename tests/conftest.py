"""What all tests share."""

from __future__ import annotations

import contextlib
import copy
import functools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import hypothesis
import pytest

from core.gettext import use_language
from core.languages import default_language, load_languages
from core.project import read_config
from core.text import yaml

# No test depends on how fast the machine is: an example may take as long as it takes.
hypothesis.settings.register_profile("kim", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("kim")

# Seconds after which a test stops waiting for something that does not come. A limit against hanging, never a promise.
PATIENCE = 180.0

ROOT = Path(__file__).resolve().parent.parent

# No test meets the settings file of the machine it runs on, nor do the commands that it starts.
os.environ["KIM_SETTINGS"] = "none"

MEMORY = Path("/dev/shm")
# Bytes that must be free there: a whole run needs about a third of it.
MIN_MEMORY = 6 * 10**9


def use_memory() -> None:
    """Write what tests write into memory, where the machine has room: nobody waits there for a disk to sync.

    ``TMPDIR`` chooses another place.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK | os.X_OK):
        return
    found = os.statvfs(MEMORY)
    if found.f_bavail * found.f_frsize >= MIN_MEMORY and not found.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


use_memory()

# `make test-all` sets TEST_FULL: the full matrices, all kills and all power cuts. `make test` takes a sample of them.
FULL = bool(os.environ.get("TEST_FULL"))

T = TypeVar("T")


def full_or_sample(full: T, sample: T) -> T:
    """Return the full matrix of a test in `make test-all`, and its sample in `make test`."""
    return full if FULL else sample


# Tests in these folders need a built site or Chromium; a module elsewhere that does says so itself.
SLOW_FOLDERS = (ROOT / "tests" / "site", ROOT / "tests" / "browser")
# A test with one of these fixtures starts git a dozen times.
SLOW_FIXTURES = {"checkout"}
# The modules that take longest, longest first: whoever begins one of them last keeps the other processes waiting.
LONGEST = (
    "incremental_build",
    "office",
    "editing",
    "municipality",
    "search",
    "accessibility",
    "offline",
    "publication",
    "office_work",
    "reader_journeys",
    "forms_in_place",
    "form",
    "release",
    "scaffold",
    "mail_failures",
    "watcher",
    "postgres",
    "power_cut",
    "redaktion",
    "mkdocs",
    "nginx",
    "stack_regressions",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Run one process more than there are processors: now and then each waits for a server or a deadline."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that `make test-fast` leaves out, and begin with the longest modules."""
    for item in items:
        in_slow_folder = any(item.path.is_relative_to(folder) for folder in SLOW_FOLDERS)
        if in_slow_folder or SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    ranks = {f"test_{name}": rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (item.path not in slow, ranks.get(item.path.stem, len(ranks))))


@pytest.fixture(scope="session", autouse=True)
def shared_pages_kept() -> Iterator[None]:
    """Tests of behaviour change shared pages of trees of their own, whatever the municipality of the checkout may do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.project.keeps_shared_pages", lambda *_config: True)
        yield


# A copied tree of pages holds the same facts as the one before it. A test of time clears this first.
compose_once = functools.lru_cache(maxsize=256)(yaml.compose)


@pytest.fixture(scope="session", autouse=True)
def equal_yaml_parsed_once() -> Iterator[None]:
    """Parse equal YAML once a process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "compose", compose_once)
        yield


@contextlib.contextmanager
def shared_languages(keep_own: bool) -> Iterator[None]:
    """Take the languages of the shared table, whichever of them the municipality of the checkout builds.

    :param keep_own: whether those that only the municipality has are among them.
    """
    shared = copy.deepcopy(read_config())
    table = next(one["i18n"]["languages"] for one in shared["plugins"] if isinstance(one, dict) and "i18n" in one)
    own = [] if keep_own else shared.get("own_language_codes") or []
    table[:] = [{**row, "build": True} for row in table if row["locale"] not in own]
    shared |= {} if keep_own else {"own_language_codes": [], "draft_languages": []}
    with pytest.MonkeyPatch.context() as patch:
        for module in ("core.project", "core.languages"):
            patch.setattr(f"{module}.read_config", lambda *_config: shared)
        load_languages.cache_clear()
        yield
    load_languages.cache_clear()


@pytest.fixture
def all_languages() -> Iterator[None]:
    """Give a test of behaviour the languages of the shared table."""
    with shared_languages(keep_own=False):
        yield


@pytest.fixture(autouse=True)
def default_language_set() -> Iterator[None]:
    """Each test begins in the default language, whatever a build in this process has set before."""
    with use_language(default_language().code):
        yield
