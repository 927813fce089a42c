import django.db.models.deletion
import photocampus.clock
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shoots', '0008_weekly_hours_from_a_day_on'),
        ('students', '0012_wording_of_columns'),
        ('units', '0008_wording_of_columns'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='attendance',
            name='checked_in_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='checked in at'),
        ),
        migrations.AlterField(
            model_name='attendance',
            name='photographed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='photographed at'),
        ),
        migrations.AlterField(
            model_name='attendancephoto',
            name='attendance',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attendance_photos', to='shoots.attendance', verbose_name='attendance'),
        ),
        migrations.AlterField(
            model_name='attendancephoto',
            name='photo',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='attendance_photo', to='students.photo', verbose_name='photo'),
        ),
        migrations.AlterField(
            model_name='attendancephoto',
            name='shot',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='photos', to='shoots.shot', verbose_name='shot'),
        ),
        migrations.AlterField(
            model_name='booking',
            name='asked_at',
            field=models.DateTimeField(default=photocampus.clock.now, verbose_name='asked at'),
        ),
        migrations.AlterField(
            model_name='booking',
            name='confirmed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='confirmed at'),
        ),
        migrations.AlterField(
            model_name='bookingunit',
            name='booking',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='booking_units', to='shoots.booking', verbose_name='booking'),
        ),
        migrations.AlterField(
            model_name='bookingunit',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='booking_units', to='units.unit', verbose_name='unit'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='files_sha256',
            field=models.CharField(blank=True, max_length=64, verbose_name='SHA-256'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='prepared_at',
            field=models.DateTimeField(default=photocampus.clock.now, verbose_name='prepared at'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='received_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='received at'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='sent_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='sent at'),
        ),
        migrations.AlterField(
            model_name='deliveryitem',
            name='is_open',
            field=models.BooleanField(default=True, verbose_name='in force'),
        ),
        migrations.AlterField(
            model_name='deliveryitem',
            name='settled_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='settled at'),
        ),
        migrations.AlterField(
            model_name='disturbance',
            name='ended_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='ended at'),
        ),
        migrations.AlterField(
            model_name='disturbance',
            name='plan_before',
            field=models.JSONField(blank=True, default=list, editable=False, verbose_name='before'),
        ),
        migrations.AlterField(
            model_name='fee',
            name='settled_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='settled at'),
        ),
        migrations.AlterField(
            model_name='planchange',
            name='undone_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='undone at'),
        ),
        migrations.AlterField(
            model_name='problem',
            name='due',
            field=models.DateField(blank=True, null=True, verbose_name='to be settled by'),
        ),
        migrations.AlterField(
            model_name='problem',
            name='settled_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='settled at'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='collected_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='collected at'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='handed_over_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='handed over to the unit at'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='voided_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='voided at'),
        ),
        migrations.AlterField(
            model_name='receiptcounter',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.campaign', verbose_name='campaign'),
        ),
        migrations.AlterField(
            model_name='receiptcounter',
            name='last',
            field=models.PositiveIntegerField(default=0, verbose_name='last number'),
        ),
        migrations.AlterField(
            model_name='receiptcounter',
            name='studio',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.studio', verbose_name='studio'),
        ),
        migrations.AlterField(
            model_name='routeoverride',
            name='ended_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='ended at'),
        ),
        migrations.AlterField(
            model_name='shot',
            name='issued_at',
            field=models.DateTimeField(default=photocampus.clock.now, verbose_name='given out at'),
        ),
        migrations.AlterField(
            model_name='shot',
            name='issued_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='given out by'),
        ),
        migrations.AlterField(
            model_name='shot',
            name='voided_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='voided at'),
        ),
        migrations.AlterField(
            model_name='venuephoto',
            name='sha256',
            field=models.CharField(editable=False, max_length=64, verbose_name='SHA-256'),
        ),
    ]
