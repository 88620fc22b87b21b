// The browser's time zone, so that the desk shows times in it. Without this script they are in UTC.
const zone = document.querySelector("input[name=zone]");
if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
