/** How long something took, as people of that language say it: "12 seconds", "1 minute and 5 seconds". */
export function durationText(seconds: number, locale: string): string {
  const whole = Math.round(seconds);
  const parts = [
    { unit: "hour", count: Math.floor(whole / 3600) },
    { unit: "minute", count: Math.floor(whole / 60) % 60 },
    { unit: "second", count: whole % 60 },
  ];
  const said = parts.filter(({ count }) => count > 0).slice(0, 2);
  const words = said.map(({ unit, count }) => unitText(count, unit, locale));
  return new Intl.ListFormat(locale, { type: "unit", style: "long" }).format(words);
}

function unitText(count: number, unit: string, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(count);
}
