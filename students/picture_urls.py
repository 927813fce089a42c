"""Addresses of the pages about pictures."""

from django.urls import path

from students import order_pages, picture_files, picture_pages, studio_pictures, tray_pages, upload_pages

UNIT = "unit/<str:unit>/<str:campaign>"
STUDIO = "studio/<str:studio>/<str:campaign>/pictures"

urlpatterns = [
    path("pictures/<str:public_id>/<str:profile>/", picture_files.PictureFile.as_view(), name="picture-file"),
    path(f"{UNIT}/pictures/", picture_pages.PicturesPage.as_view(), name="pictures"),
    path(f"{UNIT}/pictures/decide/", picture_pages.DecidePictures.as_view(), name="pictures-decide"),
    path(f"{UNIT}/pictures/<str:public_id>/", picture_pages.PicturePage.as_view(), name="picture"),
    path(f"{UNIT}/make-up/", picture_pages.MakeUpPage.as_view(), name="make-up"),
    path(f"{UNIT}/make-up/file/", picture_pages.MakeUpFile.as_view(), name="make-up-file"),
    path(f"{STUDIO}/", upload_pages.UploadPage.as_view(), name="studio-pictures"),
    path(f"{STUDIO}/open/", upload_pages.OpenUpload.as_view(), name="picture-upload"),
    path(f"{STUDIO}/uploads/<str:public_id>/", upload_pages.BatchPage.as_view(), name="picture-batch"),
    path(
        f"{STUDIO}/uploads/<str:public_id>/offer/",
        upload_pages.OfferFiles.as_view(),
        name="picture-upload-offer",
    ),
    path(
        f"{STUDIO}/uploads/<str:public_id>/files/",
        upload_pages.UploadFile.as_view(),
        name="picture-upload-file",
    ),
    path(
        f"{STUDIO}/uploads/<str:public_id>/pieces/",
        upload_pages.UploadPiece.as_view(),
        name="picture-upload-piece",
    ),
    path(
        f"{STUDIO}/uploads/<str:public_id>/start/",
        upload_pages.StartUpload.as_view(),
        name="picture-upload-start",
    ),
    path(f"{STUDIO}/uploads/<str:public_id>/order/", order_pages.OrderPage.as_view(), name="picture-order"),
    path(
        f"{STUDIO}/uploads/<str:public_id>/order/act/",
        order_pages.OrderAct.as_view(),
        name="picture-order-act",
    ),
    path(f"{STUDIO}/tray/", tray_pages.TrayPage.as_view(), name="picture-tray"),
    path(f"{STUDIO}/tray/act/", tray_pages.TrayAct.as_view(), name="picture-tray-act"),
    path(
        f"{STUDIO}/tray/<str:public_id>/preview/",
        picture_files.TrayPreview.as_view(),
        name="picture-tray-preview",
    ),
    path(f"{STUDIO}/sheet/<str:unit>/", studio_pictures.StudioSheet.as_view(), name="studio-sheet"),
]
