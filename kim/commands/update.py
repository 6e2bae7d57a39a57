"""Taking over an update of the project: everything that is shared, and nothing of another municipality."""

import subprocess

import click

from core.overlay import CITY
from core.project import ROOT


def git(*words: str) -> subprocess.CompletedProcess[str]:
    """Run git in the project."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)


def git_or_fail(*words: str) -> str:
    """Run git in the project and return its output.

    :raises click.ClickException: with the words of git, if it fails.
    """
    done = git(*words)
    if done.returncode:
        raise click.ClickException(f"git {' '.join(words)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


@click.command()
@click.argument("source", default="origin/main")
def update(source: str) -> None:
    """Einen neuen Stand des Projekts übernehmen (kim update upstream/main); city/ bleibt, wie es ist.

    Was zwischen beiden Ständen in city/ geändert wurde, gehört einer anderen Gemeinde und wird nicht übernommen.
    """
    if git_or_fail("status", "--porcelain", "--untracked-files=no"):
        raise click.ClickException("Hier sind Änderungen, die noch in keinem Commit stehen. Legen Sie sie zuerst ab: git commit.")  # fmt: skip
    before = git_or_fail("rev-parse", "HEAD").strip()
    done = git("merge", "--no-ff", "--no-commit", source)
    if git("rev-parse", "--verify", "--quiet", "MERGE_HEAD").returncode:
        if done.returncode:
            raise click.ClickException((done.stderr or done.stdout).strip())
        click.echo("Es gibt nichts Neues.")
        return
    keep_own_folder()
    if conflicts := git_or_fail("diff", "--name-only", "--diff-filter=U").split("\n")[:-1]:
        git_or_fail("merge", "--abort")
        raise click.ClickException(
            f"Diese Dateien haben beide Seiten geändert: {', '.join(conflicts)}. Außerhalb von {CITY}/ ändert eine Gemeinde nichts. "
            f"Legen Sie eine eigene Fassung in {CITY}/ an, nehmen Sie die Änderung zurück, und rufen Sie den Befehl noch einmal auf. "
            "Bis dahin ist alles, wie es war."
        )
    git_or_fail("commit", "--quiet", "-m", f"Update: {source}")
    changed = git_or_fail("diff", "--stat", before, "HEAD").rstrip().rpartition("\n")[2].strip()
    click.echo(f"Übernommen: {changed or 'nichts'}.")
    click.echo("Als Nächstes: .venv/bin/kim check; dann veröffentlichen, wie es in deploy/README.md steht.")


def keep_own_folder() -> None:
    """Restore the municipality's folder as it was before the merge."""
    if git("ls-files", "--", CITY).stdout:
        git_or_fail("rm", "-r", "-f", "-q", "--", CITY)
    if git_or_fail("ls-tree", "HEAD", "--", CITY):
        git_or_fail("checkout", "HEAD", "--", CITY)
