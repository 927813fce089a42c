"""Addresses of this app's pages."""

from django.urls import path

from students import (
    extension_pages,
    find_pages,
    graduate_page,
    picture_urls,
    rederive_pages,
    roster_urls,
    submission_pages,
    unit_list,
)

app_name = "students"
urlpatterns = [
    path("people/", find_pages.FindPerson.as_view(), name="find"),
    path("people/<str:graduate>/extension/", extension_pages.Extension.as_view(), name="extension"),
    path("pictures/again/", rederive_pages.PicturesAgain.as_view(), name="pictures-again"),
    path("units/<str:campaign>/", unit_list.UnitList.as_view(), name="units"),
    path(
        "unit/<str:unit>/<str:campaign>/graduates/<str:public_id>/",
        graduate_page.GraduatePage.as_view(),
        name="graduate",
    ),
    path(
        "unit/<str:unit>/<str:campaign>/submissions/",
        submission_pages.SubmissionsPage.as_view(),
        name="submissions",
    ),
    path(
        "unit/<str:unit>/<str:campaign>/submissions/submit/",
        submission_pages.SubmitImages.as_view(),
        name="submit",
    ),
    path(
        "unit/<str:unit>/<str:campaign>/submissions/<str:public_id>/",
        submission_pages.SubmissionPage.as_view(),
        name="submission",
    ),
    path(
        "unit/<str:unit>/<str:campaign>/submissions/<str:public_id>/withdraw/",
        submission_pages.WithdrawSubmission.as_view(),
        name="withdraw",
    ),
    path(
        "submitted/<str:public_id>/<str:graduate>/",
        submission_pages.SubmittedImage.as_view(),
        name="submitted-image",
    ),
    *roster_urls.urlpatterns,
    *picture_urls.urlpatterns,
]
