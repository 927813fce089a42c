import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('students', '0010_pictures_without_a_look_are_checked_again'),
    ]

    operations = [
        migrations.AddField(
            model_name='photo',
            name='taken_back_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='taken back'),
        ),
        migrations.RemoveConstraint(
            model_name='photo',
            name='photo_bytes_once_per_enrolment',
        ),
        migrations.AddConstraint(
            model_name='photo',
            constraint=models.UniqueConstraint(condition=models.Q(('taken_back_at__isnull', True)), fields=('enrolment', 'sha256'), name='photo_bytes_once_per_enrolment'),
        ),
        migrations.AddField(
            model_name='ingestfile',
            name='assigned_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='assigned by'),
        ),
        migrations.AddField(
            model_name='ingestfile',
            name='assigned_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='assigned'),
        ),
        migrations.AddField(
            model_name='ingestfile',
            name='photo_key',
            field=models.CharField(blank=True, default='', editable=False, max_length=24),
        ),
    ]
