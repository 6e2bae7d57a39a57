"""git by its plumbing: a commit without index and work tree, put on the branch by compare and swap, never forced.

Hooks, prompts and the environment of the service play no part, and every object is on disk before the branch names it
(``core.fsync=all``; git's default leaves loose objects unsynced). Names of files are arguments, never a shell's.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from editing.paths import own_name, repository_name

TIMEOUT_SECONDS = 60
PUSH_SECONDS = 120
STALE_LOCK_SECONDS = 120.0
TRAILER = "KIM-Publication"
_HASH = re.compile(r"[0-9a-f]{40,64}")
_OPTIONS = (
    "core.hooksPath=/dev/null", "core.fsync=all", "core.quotePath=off", "core.autocrlf=false", "core.attributesFile=/dev/null",
    "protocol.allow=never", "protocol.https.allow=always", "protocol.ssh.allow=always", "protocol.file.allow=always",
    "advice.detachedHead=false", "gc.auto=0", "maintenance.auto=false", "log.showSignature=false",
)  # fmt: skip
_KEPT = ("PATH", "HOME", "XDG_CONFIG_HOME", "SSH_AUTH_SOCK", "LANG", "TZ")

logger = logging.getLogger(__name__)


class GitError(Exception):
    """git refused; the message holds its output."""


class MovedError(GitError):
    """Somebody else has moved the branch in the meantime; nothing was changed."""


class Commit(Struct, frozen=True):
    """One commit of a file's history.

    :ivar publication: the publication that made it; empty for a commit of a developer.
    """

    hash: str
    seconds: int
    subject: str
    publication: str


class Repository:
    """The git checkout that holds the pages.

    :ivar top: the top folder of the checkout.
    :ivar prefix: the folder ``docs/`` as git names it, with a stroke at its end.
    """

    def __init__(self, top: Path, prefix: str) -> None:
        self.top, self.prefix = top, prefix

    @classmethod
    def find(cls, docs: Path) -> Repository | None:
        """Return the checkout that holds a folder of pages; None if it is in none, or git does not track the folder.

        :raises GitError: if git cannot use the checkout.
        """
        if not any((folder / ".git").exists() for folder in (docs, *docs.resolve().parents)):
            return None
        probe = cls(docs.resolve(), "")
        top, prefix = probe.run("rev-parse", "--show-toplevel", "--show-prefix").split("\n")[:2]
        found = cls(Path(top), prefix)
        return found if found.run("ls-files", "--", prefix, limit=1) else None

    def run(
        self,
        *words: str,
        data: bytes | None = None,
        env: Mapping[str, str] | None = None,
        limit: int = 0,
        timeout: int = TIMEOUT_SECONDS,
    ) -> str:
        """Return git's output.

        :param limit: the maximum number of lines.
        :raises GitError: if git ends with an error.
        """
        text = self.run_bytes(*words, data=data, env=env, timeout=timeout).decode("utf-8", "surrogateescape")
        return "\n".join(text.split("\n")[:limit]) if limit else text

    def run_bytes(
        self,
        *words: str,
        data: bytes | None = None,
        env: Mapping[str, str] | None = None,
        timeout: int = TIMEOUT_SECONDS,
    ) -> bytes:
        """Return the bytes that git writes; see :meth:`run`.

        :raises GitError: if git fails; with its last line.
        """
        options = [part for option in (*_OPTIONS, f"safe.directory={self.top}") for part in ("-c", option)]
        own = {name: os.environ[name] for name in _KEPT if name in os.environ}
        own |= {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "LC_ALL": "C.UTF-8",
            "GIT_OPTIONAL_LOCKS": "0",
            **(env or {}),
        }
        try:
            done = subprocess.run(
                ["git", "--no-replace-objects", "--literal-pathspecs", *options, *words], cwd=self.top, input=data if data is not None else b"",
                capture_output=True, timeout=timeout, env=own,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            raise GitError(f"git {words[0]}: {type(error).__name__}") from error
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise GitError(f"git {words[0]}: {said[-1][:300] if said else done.returncode}")
        return done.stdout

    def branch(self) -> str:
        """Return the branch that is checked out, in full.

        :raises GitError: if none is: a commit is checked out instead (detached HEAD).
        """
        return self.run("symbolic-ref", "HEAD").strip()

    def head(self) -> str:
        """Return the commit that is checked out."""
        return self.run("rev-parse", "--verify", "HEAD^{commit}").strip()

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a file below ``docs/`` as a commit has it, None if it has none.

        :raises GitError: if it is not a plain file there.
        """
        entry = self.run("ls-tree", "-z", commit, "--", repository_name(self.prefix, path)).rstrip("\0")
        if not entry:
            return None
        mode, kind, name = entry.partition("\t")[0].split(" ")
        if kind != "blob" or mode not in ("100644", "100755"):
            raise GitError(f"docs/{path} is no plain file (mode {mode})")
        return self.run_bytes("cat-file", "blob", name)

    def read_all(self, commits: Sequence[str], path: str) -> list[bytes]:
        """Return a file below ``docs/`` as several commits have it, those that have none left out; one call of git."""
        wanted = "".join(f"{commit}:{repository_name(self.prefix, path)}\n" for commit in commits)
        said = self.run_bytes("cat-file", "--batch", data=wanted.encode()) if wanted else b""
        found, at = [], 0
        while at < len(said):
            line_end = said.index(b"\n", at)
            kind, _space, size = said[at:line_end].rpartition(b" ")
            at = line_end + 1
            if size.isdigit():
                end = at + int(size)
                found += [said[at:end]] if kind.endswith(b" blob") else []
                at = end + 1
        return found

    def write_commit(self, parent: str, files: Mapping[str, bytes | None], message: str, author: str) -> str:
        """Write a commit on a parent with these files below ``docs/``, None to remove one; the branch does not move.

        :param author: ``Name <address>``, for author and committer alike.
        """
        name, _open, address = author.rstrip(">").partition(" <")
        people = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", name), ("EMAIL", address))
        }
        with tempfile.TemporaryDirectory(prefix="kim-index-") as folder:
            env = {"GIT_INDEX_FILE": f"{folder}/index", **people}
            self.run("read-tree", parent, env=env)
            for path, content in sorted(files.items()):
                where = repository_name(self.prefix, path)
                if content is None:
                    self.run("update-index", "--force-remove", "--", where, env=env)
                else:
                    blob = self.run("hash-object", "-w", "--stdin", data=content).strip()
                    self.run("update-index", "--add", "--cacheinfo", f"100644,{blob},{where}", env=env)
            tree = self.run("write-tree", env=env).strip()
            return self.run("commit-tree", tree, "-p", parent, data=message.encode(), env=env).strip()

    def advance(self, branch: str, new: str, old: str) -> None:
        """Move a branch from one commit to the next.

        :raises MovedError: if it is not at the old one any more.
        """
        self.remove_stale_locks(branch)
        try:
            self.run("update-ref", "-m", "KIM: publication", branch, new, old)
        except GitError as error:
            if self.run("rev-parse", "--verify", branch).strip() != old:
                raise MovedError(str(error)) from error
            raise

    def remove_stale_locks(self, branch: str) -> None:
        """Remove locks that a power cut has left: git holds them for one rename, and nobody would remove them."""
        for name in (branch, "HEAD", "packed-refs"):
            lock = Path(self.top, self.run("rev-parse", "--git-path", f"{name}.lock").strip())
            with contextlib.suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > STALE_LOCK_SECONDS:
                    lock.unlink()
                    logger.warning("removed %s, which an interrupted git has left", lock.name)

    def find_publication(self, branch: str, number: str) -> str | None:
        """Return the commit of a publication, None if the branch has none."""
        found = self.run(
            "log", "-1", "--format=%H", "--fixed-strings", f"--grep={TRAILER}: {number}", branch, "--"
        ).strip()
        return found or None

    def changed_files(self, commit: str) -> list[str]:
        """Return the files below ``docs/`` that a commit changed."""
        names = self.run("diff-tree", "--no-commit-id", "--name-only", "-r", "-z", commit).split("\0")
        return [own for name in names if (own := own_name(self.prefix, name)) is not None]

    def changed_between(self, before: str, after: str) -> list[str]:
        """Return the files below ``docs/`` that differ between two commits."""
        names = self.run("diff-tree", "--name-only", "-r", "-z", before, after).split("\0")
        return [own for name in names if (own := own_name(self.prefix, name)) is not None]

    def refresh_index(self, before: str, after: str, paths: list[str]) -> None:
        """Let the checkout's own index follow for these files, unless somebody has staged something else for one of them.

        It is a service to people at a terminal: without it ``git status`` would show the publication backwards.
        """
        for path in paths:
            where = repository_name(self.prefix, path)
            staged = self.run("ls-files", "-s", "-z", "--", where).rstrip("\0").partition("\t")[0].split(" ")[:2]
            old, new = (
                self.run("ls-tree", "-z", commit, "--", where).rstrip("\0").partition("\t")[0].split(" ")
                for commit in (before, after)
            )
            if staged[1:2] != old[2:3]:
                continue
            if len(new) > 2:
                self.run("update-index", "--add", "--cacheinfo", f"{new[0]},{new[2]},{where}")
            else:
                self.run("update-index", "--force-remove", "--", where)

    def history(self, path: str, limit: int) -> list[Commit]:
        """Return the newest commits that changed a file below ``docs/``."""
        form = f"--format=%H%x00%ct%x00%s%x00%(trailers:key={TRAILER},valueonly,separator=%x2C)%x1e"
        said = self.run("log", f"-{limit}", form, "--no-color", "HEAD", "--", repository_name(self.prefix, path))
        rows = [row.strip("\n").split("\0") for row in said.split("\x1e") if row.strip()]
        return [Commit(row[0], int(row[1]), row[2], row[3].strip()) for row in rows if _HASH.fullmatch(row[0])]

    def push(self, remote: str, branch: str) -> None:
        """Push a branch to a remote; additional commits of the remote are never overwritten.

        :raises GitError: if the remote refuses or does not answer.
        """
        self.run("push", "--quiet", "--no-verify", remote, f"{branch}:{branch}", timeout=PUSH_SECONDS)

    def push_aside(self, remote: str, branch: str, name: str) -> None:
        """Push a branch under another name, where the remote's own branch has diverged."""
        self.run("push", "--quiet", "--no-verify", remote, f"{branch}:refs/heads/{name}", timeout=PUSH_SECONDS)

    def fetch(self, remote: str, branch: str) -> str:
        """Return the commit that a branch of the remote is at."""
        self.run(
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            remote,
            f"+{branch}:refs/kim/remote",
            timeout=PUSH_SECONDS,
        )
        return self.run("rev-parse", "--verify", "refs/kim/remote").strip()


def is_hash(text: str) -> bool:
    """Return whether a text is the whole name of a commit."""
    return _HASH.fullmatch(text) is not None
