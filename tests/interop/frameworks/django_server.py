"""The same tools in a project of Django, with Django MCP Server: `django_server.py PORT`. It ends when its standard input
closes."""

import os
import sys
import time
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.urls import include, path
from harness import end_with_the_test, note, note_handshake

journal = Path(os.environ["JOURNAL"])


def with_handshakes(respond):
    """A line in the journal for each handshake: Django MCP Server has no hook for that."""

    def middleware(request):
        note_handshake(request.body)
        return respond(request)

    return middleware


# Without a file of settings, this module is the project. Its sessions are Django's: they are in the database.
sys.modules["project"] = sys.modules[__name__]
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": journal.with_name("database")}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "mcp_server"],
    MIDDLEWARE=["project.with_handshakes"],
    ROOT_URLCONF="project",
    SECRET_KEY="interop",
)

from mcp_server import MCPToolset  # noqa: E402


class Tools(MCPToolset):
    def echo(self, text: str) -> str:
        return text

    def slow(self, ms: int, key: str) -> str:
        note("call", tool="slow", key=key)
        time.sleep(ms / 1000)
        return "done"

    def count(self, key: str) -> str:
        note("call", tool="count", key=key)
        return key


urlpatterns = [path("", include("mcp_server.urls"))]

django.setup()
call_command("migrate", verbosity=0)
end_with_the_test()
call_command("runserver", f"127.0.0.1:{sys.argv[1]}", use_reloader=False)
