import django.db.models.deletion
import photocampus.clock
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('students', '0011_pictures_taken_back'),
    ]

    operations = [
        migrations.AlterField(
            model_name='answerfile',
            name='applied_at',
            field=models.DateTimeField(null=True, verbose_name='applied at'),
        ),
        migrations.AlterField(
            model_name='correction',
            name='asked_at',
            field=models.DateTimeField(default=photocampus.clock.now, verbose_name='asked at'),
        ),
        migrations.AlterField(
            model_name='decision',
            name='is_current',
            field=models.BooleanField(default=True, verbose_name='in force'),
        ),
        migrations.AlterField(
            model_name='exportbatch',
            name='frozen_at',
            field=models.DateTimeField(null=True, verbose_name='frozen at'),
        ),
        migrations.AlterField(
            model_name='exportbatch',
            name='reported_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='reported at'),
        ),
        migrations.AlterField(
            model_name='exportrow',
            name='answer',
            field=models.CharField(choices=[('none', 'no answer yet'), ('passed', 'passed'), ('failed', 'failed'), ('uncertain', 'uncertain'), ('abnormal', 'abnormal'), ('image_refused', 'image refused')], default='none', max_length=15, verbose_name='answer of the register'),
        ),
        migrations.AlterField(
            model_name='exportrow',
            name='answered_at',
            field=models.DateTimeField(null=True, verbose_name='answered at'),
        ),
        migrations.AlterField(
            model_name='exportrow',
            name='image_sha256',
            field=models.CharField(max_length=64, verbose_name='SHA-256 of the image'),
        ),
        migrations.AlterField(
            model_name='finding',
            name='data',
            field=models.JSONField(blank=True, default=dict, verbose_name='details'),
        ),
        migrations.AlterField(
            model_name='graduate',
            name='identity_frozen_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='identity frozen at'),
        ),
        migrations.AlterField(
            model_name='ingestfile',
            name='archive',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='members', to='students.ingestfile', verbose_name='archive'),
        ),
        migrations.AlterField(
            model_name='ingestfile',
            name='doubts',
            field=models.CharField(blank=True, default='', max_length=60, verbose_name='doubts'),
        ),
        migrations.AlterField(
            model_name='ingestfile',
            name='member',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='place in the archive'),
        ),
        migrations.AlterField(
            model_name='ingestfile',
            name='tries',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='tries'),
        ),
        migrations.AlterField(
            model_name='rosterrow',
            name='upload',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='students.rosterupload', verbose_name='roster upload'),
        ),
        migrations.AlterField(
            model_name='rosterupload',
            name='applied_at',
            field=models.DateTimeField(null=True, verbose_name='applied at'),
        ),
        migrations.AlterField(
            model_name='rosterupload',
            name='read_line',
            field=models.PositiveIntegerField(default=0, verbose_name='lines read'),
        ),
        migrations.AlterField(
            model_name='rosterupload',
            name='revision',
            field=models.PositiveIntegerField(default=0, verbose_name='comparisons with the roster'),
        ),
        migrations.AlterField(
            model_name='rosterupload',
            name='sha256',
            field=models.CharField(max_length=64, verbose_name='SHA-256'),
        ),
        migrations.AlterField(
            model_name='rosterupload',
            name='undone_at',
            field=models.DateTimeField(null=True, verbose_name='undone at'),
        ),
        migrations.AlterField(
            model_name='submission',
            name='at',
            field=models.DateTimeField(default=photocampus.clock.now, verbose_name='submitted at'),
        ),
    ]
