"""Events and the access log are append-only in the database itself."""

from django.db import migrations

from photocampus.triggers import APPEND_ONLY_TABLES, append_only, drop_append_only


class Migration(migrations.Migration):
    dependencies = [("photocampus", "0001_initial")]

    operations = [
        migrations.RunPython(append_only(table), drop_append_only(table)) for table in APPEND_ONLY_TABLES
    ]
