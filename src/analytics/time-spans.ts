export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** The span of an hour, by its number since 1970 (UTC). */
export function hourSpan(number: number): string {
  return `hour:${number}`;
}

/** The span of a day, such as `2024-01-01`. */
export function daySpan(day: string): string {
  return `day:${day}`;
}

/** The day of a time, in UTC, such as `2024-01-01`. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** The days from one to another, both included. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let time = Date.parse(from); time <= Date.parse(to); time += DAY_MS) days.push(dayOf(time));
  return days;
}
