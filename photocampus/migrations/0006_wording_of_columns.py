import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('photocampus', '0005_reminded_needs_only_a_key'),
    ]

    operations = [
        migrations.AlterField(
            model_name='calendarfeed',
            name='digest',
            field=models.CharField(max_length=64, unique=True, verbose_name='SHA-256'),
        ),
        migrations.AlterField(
            model_name='calendarfeed',
            name='revoked_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='revoked at'),
        ),
        migrations.AlterField(
            model_name='chore',
            name='due_at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='due at'),
        ),
        migrations.AlterField(
            model_name='chore',
            name='name',
            field=models.CharField(max_length=60, unique=True, verbose_name='regular work'),
        ),
        migrations.AlterField(
            model_name='job',
            name='args',
            field=models.JSONField(default=dict, verbose_name='details'),
        ),
        migrations.AlterField(
            model_name='job',
            name='attempt',
            field=models.PositiveIntegerField(default=0, verbose_name='attempt'),
        ),
        migrations.AlterField(
            model_name='job',
            name='cancel_requested_at',
            field=models.DateTimeField(null=True, verbose_name='asked to stop at'),
        ),
        migrations.AlterField(
            model_name='job',
            name='error_code',
            field=models.CharField(blank=True, max_length=40, verbose_name='error code'),
        ),
        migrations.AlterField(
            model_name='job',
            name='lease_until',
            field=models.DateTimeField(null=True, verbose_name='held by the worker until'),
        ),
        migrations.AlterField(
            model_name='job',
            name='url',
            field=models.CharField(blank=True, help_text='Where the result is shown.', max_length=200, verbose_name='page of the result'),
        ),
        migrations.AlterField(
            model_name='job',
            name='worker',
            field=models.CharField(blank=True, max_length=80, verbose_name='worker'),
        ),
        migrations.AlterField(
            model_name='notification',
            name='mail_tries',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='tries'),
        ),
        migrations.AlterField(
            model_name='notification',
            name='read_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='read at'),
        ),
        migrations.AlterField(
            model_name='reminded',
            name='key',
            field=models.CharField(max_length=120, unique=True, verbose_name='reminder'),
        ),
        migrations.AlterField(
            model_name='untold',
            name='event',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='untold', to='photocampus.event', verbose_name='event'),
        ),
        migrations.AlterField(
            model_name='untold',
            name='tries',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='tries'),
        ),
        migrations.AlterField(
            model_name='workerbeat',
            name='at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='last seen at'),
        ),
        migrations.AlterField(
            model_name='workerbeat',
            name='worker',
            field=models.CharField(max_length=80, unique=True, verbose_name='worker'),
        ),
    ]
