"""Files beside the pages that list them: sitemap, feeds, calendars, redirects, offline lists."""
