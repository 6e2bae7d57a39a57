// Opening hours of a contact in one sentence: "Open today until 4 p.m." The table below them works without this file.
"use strict";

{
  /** The office's time, wherever the reader is. */
  const timeZone = "Europe/Berlin";
  const lang = document.documentElement.dataset.lang ?? "de";
  const DAY_MS = 86_400_000;

  /** @typedef {{ open: [number, number][], appointment?: boolean }} Day */

  /**
   * Return the date of a moment at the office, as midnight UTC, and the minutes since its midnight.
   * @param {Date} moment
   */
  const atOffice = (moment) => {
    const options = /** @type {Intl.DateTimeFormatOptions} */ ({
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    });
    const parts = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", options).formatToParts(moment);
    const read = (/** @type {string} */ type) => Number(parts.find((part) => part.type === type)?.value);
    return {
      date: Date.UTC(read("year"), read("month") - 1, read("day")),
      minutes: read("hour") * 60 + read("minute"),
    };
  };

  /**
   * Return a time of day in the page's language.
   * @param {number} minutes after midnight
   */
  const timeWords = (minutes) =>
    new Intl.DateTimeFormat(lang, { timeStyle: "short", timeZone: "UTC" }).format(minutes * 60_000);

  /**
   * Return a day in the page's language; a week ahead and later with its date.
   * @param {number} date
   * @param {number} ahead days from today
   */
  const dayWords = (date, ahead) =>
    new Intl.DateTimeFormat(`${lang}-u-ca-gregory`, {
      weekday: "long",
      timeZone: "UTC",
      ...(ahead > 6 ? { day: "numeric", month: "long" } : {}),
    }).format(date);

  /**
   * Return the sentence for a moment.
   * @param {DOMStringMap} words
   * @param {{ week: Day[], days: Record<string, Day> }} hours
   * @param {Date} moment
   */
  const sentence = (words, hours, moment) => {
    const { date, minutes } = atOffice(moment);
    const dayAt = (/** @type {number} */ ahead) => {
      const day = new Date(date + ahead * DAY_MS);
      return hours.days[day.toISOString().slice(0, 10)] ?? hours.week[(day.getUTCDay() + 6) % 7];
    };
    const fill = (/** @type {string} */ name, /** @type {Record<string, string>} */ values = {}) =>
      (words[name] ?? "").replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
    const today = dayAt(0);
    const now = today.open.findIndex(([begin, end]) => begin <= minutes && minutes < end);
    if (now >= 0) {
      const time = timeWords(today.open[now][1]);
      const next = today.open[now + 1];
      return next ? fill("pause", { time, again: timeWords(next[0]) }) : fill("open", { time });
    }
    const later = today.open.find(([begin]) => begin > minutes);
    if (later) return `${fill("now")} ${fill("today", { time: timeWords(later[0]) })}`;
    const state = today.open.length ? fill("now") : today.appointment ? fill("appointment") : fill("closed");
    for (let ahead = 1; ahead < 60; ahead++) {
      const [first] = dayAt(ahead).open;
      if (!first) continue;
      const time = timeWords(first[0]);
      const opens = ahead === 1
        ? fill("tomorrow", { time })
        : fill("later", { time, day: dayWords(date + ahead * DAY_MS, ahead) });
      return `${state} ${opens}`;
    }
    return state;
  };

  for (const line of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-kim-hours]"))) {
    const hours = JSON.parse(line.dataset.kimHours ?? "");
    const show = () => {
      line.textContent = sentence(line.dataset, hours, new Date());
      line.hidden = false;
    };
    show();
    setInterval(show, 60_000);
    document.addEventListener("visibilitychange", show);
  }
}
