"""Addresses of the roster's pages: once for a unit, once for academic affairs over all units."""

from django.urls import path

from students import roster_people_pages as people
from students import roster_upload_pages as uploads
from students import sign_off_pages as checks

UNIT = "unit/<str:unit>/<str:campaign>/roster/"
OFFICE = "office/<str:campaign>/roster/"
CHECKS = "unit/<str:unit>/<str:campaign>/sign-off/"

urlpatterns = [
    path(UNIT, people.UnitRosterList.as_view(), name="roster"),
    path(UNIT + "add/", people.UnitAddPerson.as_view(), name="roster-add"),
    path(UNIT + "template/", uploads.UnitTemplate.as_view(), name="roster-template"),
    path(UNIT + "corrections/", checks.UnitCorrections.as_view(), name="corrections"),
    path(UNIT + "files/", uploads.UnitUploads.as_view(), name="uploads"),
    path(UNIT + "files/<str:public_id>/", uploads.UnitUpload.as_view(), name="upload"),
    path(UNIT + "files/<str:public_id>/apply/", uploads.UnitApply.as_view(), name="upload-apply"),
    path(UNIT + "files/<str:public_id>/undo/", uploads.UnitUndo.as_view(), name="upload-undo"),
    path(UNIT + "files/<str:public_id>/discard/", uploads.UnitDiscard.as_view(), name="upload-discard"),
    path(UNIT + "files/<str:public_id>/gone/", uploads.UnitGone.as_view(), name="upload-gone"),
    path(UNIT + "files/<str:public_id>/refused/", uploads.UnitRefused.as_view(), name="upload-refused"),
    path(UNIT + "people/<str:public_id>/edit/", people.UnitEditPerson.as_view(), name="person-edit"),
    path(UNIT + "people/<str:public_id>/state/", people.UnitPersonState.as_view(), name="person-state"),
    path(
        UNIT + "people/<str:public_id>/correction/",
        people.UnitPersonCorrection.as_view(),
        name="person-correction",
    ),
    path(CHECKS, checks.SignOffList.as_view(), name="sign-off"),
    path(CHECKS + "<str:group>/", checks.SignOffSheet.as_view(), name="sign-off-sheet"),
    path(CHECKS + "<str:group>/done/", checks.SignOffDone.as_view(), name="sign-off-done"),
    path(OFFICE, people.OfficeRosterList.as_view(), name="office-roster"),
    path(OFFICE + "add/", people.OfficeAddPerson.as_view(), name="office-roster-add"),
    path(OFFICE + "template/", uploads.OfficeTemplate.as_view(), name="office-roster-template"),
    path(OFFICE + "corrections/", checks.OfficeCorrections.as_view(), name="office-corrections"),
    path(OFFICE + "files/", uploads.OfficeUploads.as_view(), name="office-uploads"),
    path(OFFICE + "files/<str:public_id>/", uploads.OfficeUpload.as_view(), name="office-upload"),
    path(OFFICE + "files/<str:public_id>/apply/", uploads.OfficeApply.as_view(), name="office-upload-apply"),
    path(OFFICE + "files/<str:public_id>/undo/", uploads.OfficeUndo.as_view(), name="office-upload-undo"),
    path(
        OFFICE + "files/<str:public_id>/discard/",
        uploads.OfficeDiscard.as_view(),
        name="office-upload-discard",
    ),
    path(OFFICE + "files/<str:public_id>/gone/", uploads.OfficeGone.as_view(), name="office-upload-gone"),
    path(
        OFFICE + "files/<str:public_id>/refused/",
        uploads.OfficeRefused.as_view(),
        name="office-upload-refused",
    ),
    path(
        OFFICE + "people/<str:public_id>/edit/", people.OfficeEditPerson.as_view(), name="office-person-edit"
    ),
    path(
        OFFICE + "people/<str:public_id>/state/",
        people.OfficePersonState.as_view(),
        name="office-person-state",
    ),
    path(
        OFFICE + "people/<str:public_id>/correction/",
        people.OfficePersonCorrection.as_view(),
        name="office-person-correction",
    ),
    path(
        OFFICE + "people/<str:public_id>/exemption/",
        people.OfficePersonExemption.as_view(),
        name="office-person-exemption",
    ),
]
