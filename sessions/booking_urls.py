"""Addresses of routes, bookings, the studio's calendar and plans."""

from django.urls import path

from sessions import (
    calendar_pages,
    card_pages,
    class_text_pages,
    ical_pages,
    joint_pages,
    measure_pages,
    plan_pages,
    plan_papers,
    replan_pages,
    room_view,
    route_pages,
    studio_bookings,
    unit_bookings,
    venue_pages,
    waitlist_pages,
    weekly_pages,
    whatif_pages,
)

UNIT = "unit/<str:unit>/<str:campaign>/"
STUDIO = "studio/<str:studio>/<str:campaign>/"
OFFICE = "office/<str:campaign>/"

urlpatterns = [
    path(f"{UNIT}bookings/", unit_bookings.UnitBookings.as_view(), name="unit-bookings"),
    path(f"{UNIT}bookings/new/", unit_bookings.AskBooking.as_view(), name="ask-booking"),
    path(f"{UNIT}bookings/<str:booking>/", unit_bookings.UnitBooking.as_view(), name="unit-booking"),
    path(f"{UNIT}bookings/<str:booking>/hours/", unit_bookings.UnitHours.as_view(), name="unit-hours"),
    path(f"{UNIT}bookings/<str:booking>/texts/", class_text_pages.ClassTexts.as_view(), name="class-texts"),
    path(f"{UNIT}bookings/<str:booking>/plan/", plan_pages.UnitPlan.as_view(), name="plan"),
    path(f"{UNIT}bookings/<str:booking>/replan/", replan_pages.UnitReplan.as_view(), name="unit-replan"),
    path(f"{UNIT}bookings/<str:booking>/plan/print/", plan_papers.UnitPlanPrint.as_view(), name="plan-print"),
    path(
        f"{UNIT}bookings/<str:booking>/plan/classes/",
        plan_papers.UnitClassSheets.as_view(),
        name="plan-classes",
    ),
    path(
        f"{UNIT}bookings/<str:booking>/shoot.ics",
        ical_pages.UnitBookingCalendar.as_view(),
        name="unit-booking-calendar",
    ),
    path(
        f"{STUDIO}bookings/<str:booking>/shoot.ics",
        ical_pages.StudioBookingCalendar.as_view(),
        name="studio-booking-calendar",
    ),
    path("calendar/<str:token>.ics", ical_pages.Feed.as_view(), name="feed"),
    path("account/calendar/", ical_pages.CalendarAddress.as_view(), name="calendar-address"),
    path(
        f"{UNIT}bookings/<str:booking>/plan/cards/", card_pages.UnitNumberCards.as_view(), name="number-cards"
    ),
    path(f"{UNIT}bookings/<str:booking>/plan.xlsx", plan_papers.UnitPlanSheet.as_view(), name="plan-sheet"),
    path(f"{UNIT}bookings/<str:booking>/plan/<str:act>/", plan_pages.UnitPlanAct.as_view(), name="plan-act"),
    path(
        f"{UNIT}bookings/<str:booking>/measures/",
        measure_pages.UnitMeasures.as_view(),
        name="unit-shoot-measures",
    ),
    path(
        f"{UNIT}bookings/<str:booking>/<str:act>/",
        unit_bookings.UnitBookingAct.as_view(),
        name="unit-booking-act",
    ),
    path(f"{UNIT}waitlist/", waitlist_pages.UnitWaitlist.as_view(), name="unit-waitlist"),
    path(f"{UNIT}waitlist/join/", waitlist_pages.JoinWaitlist.as_view(), name="join-waitlist"),
    path(f"{UNIT}waitlist/<str:entry>/leave/", waitlist_pages.LeaveWaitlist.as_view(), name="leave-waitlist"),
    path(f"{UNIT}venues/", venue_pages.Venues.as_view(), name="venues"),
    path(f"{UNIT}venues/new/", venue_pages.VenueNew.as_view(), name="venue-new"),
    path(f"{UNIT}venues/<str:venue>/", venue_pages.VenueEdit.as_view(), name="venue"),
    path(f"{UNIT}venues/<str:venue>/<str:act>/", venue_pages.VenueAct.as_view(), name="venue-act"),
    path("venues/pictures/<str:photo>/", room_view.VenuePhotoFile.as_view(), name="venue-photo"),
    path(f"{STUDIO}bookings/", studio_bookings.StudioBookings.as_view(), name="studio-bookings"),
    path(f"{STUDIO}bookings/<str:booking>/", studio_bookings.StudioBooking.as_view(), name="studio-booking"),
    path(
        f"{STUDIO}bookings/<str:booking>/hours/", studio_bookings.StudioHours.as_view(), name="studio-hours"
    ),
    path(
        f"{STUDIO}bookings/<str:booking>/plan/cards/",
        card_pages.StudioNumberCards.as_view(),
        name="studio-number-cards",
    ),
    path(f"{STUDIO}bookings/<str:booking>/plan/", plan_pages.StudioPlan.as_view(), name="studio-plan"),
    path(
        f"{STUDIO}bookings/<str:booking>/plan/print/",
        plan_papers.StudioPlanPrint.as_view(),
        name="studio-plan-print",
    ),
    path(
        f"{STUDIO}bookings/<str:booking>/plan/classes/",
        plan_papers.StudioClassSheets.as_view(),
        name="studio-plan-classes",
    ),
    path(
        f"{STUDIO}bookings/<str:booking>/plan.xlsx",
        plan_papers.StudioPlanSheet.as_view(),
        name="studio-plan-sheet",
    ),
    path(
        f"{STUDIO}bookings/<str:booking>/<str:act>/",
        studio_bookings.StudioBookingAct.as_view(),
        name="studio-booking-act",
    ),
    path(f"{STUDIO}waitlist/", waitlist_pages.StudioWaitlist.as_view(), name="studio-waitlist"),
    path(f"{STUDIO}calendar/", calendar_pages.StudioCalendarPage.as_view(), name="studio-calendar"),
    path(f"{STUDIO}days/", calendar_pages.StudioDays.as_view(), name="studio-days"),
    path(f"{STUDIO}days/weekly/", weekly_pages.WeeklyPage.as_view(), name="studio-week"),
    path(f"{STUDIO}days/<str:act>/", calendar_pages.StudioDaysAct.as_view(), name="studio-days-act"),
    path(f"{STUDIO}stations/<str:station>/", calendar_pages.StationEdit.as_view(), name="station"),
    path(f"{STUDIO}individual/", studio_bookings.OpenIndividualDay.as_view(), name="open-individual-day"),
    path(f"{OFFICE}routes/", route_pages.Routes.as_view(), name="routes"),
    path(f"{OFFICE}routes.xlsx", route_pages.RoutesSheet.as_view(), name="routes-sheet"),
    path(f"{OFFICE}what-if/", whatif_pages.WhatIf.as_view(), name="what-if"),
    path(f"{OFFICE}joint/", joint_pages.JointShoot.as_view(), name="joint-shoot"),
    path(f"{OFFICE}routes/<str:unit>/", route_pages.RouteDecision.as_view(), name="route-decision"),
    path(f"{OFFICE}waitlist/", waitlist_pages.OfficeWaitlist.as_view(), name="office-waitlist"),
    path(f"{OFFICE}bookings/<str:booking>/", route_pages.OfficeBooking.as_view(), name="office-booking"),
]
