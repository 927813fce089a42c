"""The page on which academic affairs have pictures derived and checked again, after a profile has changed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.errors import DomainError
from photocampus.models import Job
from photocampus.views import StaffPage
from students.filing import profiles_of
from students.rederive import JOB_KIND, chosen_photos, newest_versions, outdated_photos, start_rederive
from students.verification_pages import chosen_campaign
from units.models import Campaign


class PicturesAgain(StaffPage):
    """`/pictures/again/`: how many pictures follow from older profiles; POST begins to derive them again."""

    template_name = "students/pictures_again.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        campaign = chosen_campaign(self, request)
        jobs = Job.objects.none()
        if campaign:
            jobs = Job.objects.filter(kind=JOB_KIND, args__campaign=campaign.pk).order_by("-pk")
        return self.render(
            campaign=campaign,
            campaigns=self.scoped(Campaign),
            versions=newest_versions(campaign) if campaign else {},
            photos=chosen_photos(campaign).count() if campaign else 0,
            outdated=outdated_photos(campaign, profiles_of(campaign)).count() if campaign else 0,
            job=jobs.first(),
            breadcrumb=[(_("Academic affairs"), reverse("admin:index")), (_("Pictures again"), None)],
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        campaign = chosen_campaign(self, request)
        address = reverse("students:pictures-again")
        if campaign is None:
            return redirect(address)
        try:
            job = start_rederive(campaign=campaign, by=self.user)
        except DomainError as error:
            messages.info(request, str(error))
            return redirect(f"{address}?campaign={campaign.code}")
        return redirect("job", job.public_id)
