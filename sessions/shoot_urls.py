"""Addresses of shoot days, fees, receipts, deliveries and the graduate's own page."""

from django.urls import path

from sessions import (
    cash_pages,
    console_acts,
    delivery_pages,
    me_pages,
    measure_pages,
    receipt_pages,
    replan_pages,
    report_pages,
    shoot_pages,
)

STUDIO = "studio/<str:studio>/<str:campaign>/"
UNIT = "unit/<str:unit>/<str:campaign>/"
SHOOT = STUDIO + "shoots/<str:booking>/"
RECEIPT = STUDIO + "receipts/<str:receipt>/"
DELIVERY = STUDIO + "deliveries/<str:delivery>/"

urlpatterns = [
    path(STUDIO + "shoots/", shoot_pages.ShootList.as_view(), name="shoots"),
    path(SHOOT, shoot_pages.Console.as_view(), name="console"),
    path(SHOOT + "find/", shoot_pages.ConsoleFind.as_view(), name="console-find"),
    path(SHOOT + "station/", console_acts.ConsoleStation.as_view(), name="console-station"),
    path(SHOOT + "walk-in/", console_acts.WalkIn.as_view(), name="console-walk-in"),
    path(SHOOT + "disturbance/", console_acts.Disturbances.as_view(), name="console-disturbance"),
    path(SHOOT + "people/<str:person>/<str:act>/", console_acts.PersonAct.as_view(), name="console-act"),
    path(SHOOT + "replan/", replan_pages.Replan.as_view(), name="shoot-replan"),
    path(SHOOT + "measures/", measure_pages.StudioMeasures.as_view(), name="shoot-measures"),
    path(SHOOT + "fees/", cash_pages.Cash.as_view(), name="cash"),
    path(SHOOT + "move/<str:move>/", console_acts.ShootMove.as_view(), name="shoot-move"),
    path(STUDIO + "receipts/", receipt_pages.ReceiptList.as_view(), name="receipts"),
    path(RECEIPT, receipt_pages.ReceiptPaper.as_view(), name="receipt"),
    path(RECEIPT + "code.svg", receipt_pages.ReceiptCode.as_view(), name="receipt-code"),
    path(RECEIPT + "prepare/", receipt_pages.ReceiptPrepare.as_view(), name="receipt-prepare"),
    path(STUDIO + "deliveries/", delivery_pages.StudioDeliveries.as_view(), name="studio-deliveries"),
    path(DELIVERY, delivery_pages.StudioDelivery.as_view(), name="studio-delivery"),
    path(DELIVERY + "labels/", delivery_pages.DeliveryLabels.as_view(), name="delivery-labels"),
    path(
        DELIVERY + "packing-list/", delivery_pages.DeliveryPackingList.as_view(), name="delivery-packing-list"
    ),
    path(DELIVERY + "files/", delivery_pages.StudioDeliveryFiles.as_view(), name="studio-delivery-files"),
    path(DELIVERY + "move/<str:move>/", delivery_pages.StudioDeliveryMove.as_view(), name="delivery-move"),
    path(UNIT + "deliveries/", delivery_pages.UnitDeliveries.as_view(), name="unit-deliveries"),
    path(UNIT + "deliveries/<str:delivery>/", delivery_pages.UnitDelivery.as_view(), name="unit-delivery"),
    path(
        UNIT + "deliveries/<str:delivery>/files/",
        delivery_pages.UnitDeliveryFiles.as_view(),
        name="unit-delivery-files",
    ),
    path(UNIT + "receipts/", receipt_pages.HandOverList.as_view(), name="hand-over"),
    path(UNIT + "receipts/<str:receipt>/", receipt_pages.HandOver.as_view(), name="hand-over-done"),
    path(UNIT + "reports/", report_pages.Reports.as_view(), name="reports"),
    path(UNIT + "reports/<str:graduate>/", report_pages.ReportSettle.as_view(), name="report-settle"),
    path("me/<str:token>/", me_pages.Me.as_view(), name="me"),
    path("me/<str:token>/picture/", me_pages.MePicture.as_view(), name="me-picture"),
    path("me/<str:token>/code.svg", me_pages.MeCode.as_view(), name="me-code"),
    path("me/<str:token>/<str:act>/", me_pages.MeAct.as_view(), name="me-act"),
]
