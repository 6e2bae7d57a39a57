"""A throw-away app with planted holes: a scanner that does not find them proves nothing about ours."""

from __future__ import annotations

import sqlite3
import sys

from flask import Flask, request

app = Flask("holey")
PAGE = "<!doctype html><title>x</title><form method=post action=/form><input name=company><input name=email><button>x</button></form><a href='/list?q=x'>x</a>{}"


@app.get("/")
def home() -> str:
    """Show a form."""
    return PAGE.format("")


@app.post("/form")
def form() -> str:
    """Repeat what was typed without escaping it (the planted cross-site scripting)."""
    return PAGE.format(request.form.get("company", ""))


@app.get("/list")
def listing() -> tuple[str, int]:
    """Put what was asked for into the query (the planted SQL injection)."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE submission (company TEXT)")
    database.execute("INSERT INTO submission VALUES ('x')")
    try:
        rows = database.execute(f"SELECT company FROM submission WHERE company = '{request.args.get('q', '')}'")
        return PAGE.format("<br>".join(str(row[0]) for row in rows)), 200
    except sqlite3.Error as error:
        return f"sqlite3.OperationalError: {error}", 500
    finally:
        database.close()


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]))
