package refresh

import (
	"context"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fbdock/fbdock/boxes"
)

// freebsd takes the ends of support from the table of FreeBSD's security page.
// It has supported releases only: others keep their dates.
func (r *run) freebsd(ctx context.Context, c *boxes.Catalogue) error {
	page, err := r.get(ctx, r.Security)
	if err != nil {
		return err
	}
	ends := supported(page)
	if len(ends) == 0 {
		return fmt.Errorf("%s: no table of releases was understood", r.Security)
	}
	c.Boxes = slices.Clone(c.Boxes)
	for i := range c.Boxes {
		if end, ok := ends[c.Boxes[i].Release]; ok {
			r.end(c.Boxes[i].Name, &c.Boxes[i].EndOfSupport, end)
		}
	}
	for _, release := range slices.Sorted(maps.Keys(ends)) {
		if !slices.ContainsFunc(c.Boxes, func(e boxes.Entry) bool { return e.Release == release }) {
			r.say("FreeBSD %s is supported until %s, and the catalogue does not have it", release, ends[release])
		}
	}
	return nil
}

// supported reads the rows that name a release; the last date of each is the
// end of its support.
func supported(page string) map[string]string {
	row := regexp.MustCompile(`(?is)<tr\b.*?</tr>`)
	release := regexp.MustCompile(`\b(\d+\.\d+)-RELEASE\b`)
	date := regexp.MustCompile(`\b([A-Z][a-z]+) (\d{1,2}), (\d{4})\b`)
	ends := map[string]string{}
	for _, text := range row.FindAllString(page, -1) {
		text = html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(text, " "))
		text = strings.Join(strings.Fields(text), " ")
		name, dates := release.FindStringSubmatch(text), date.FindAllString(text, -1)
		if name == nil || len(dates) == 0 {
			continue
		}
		if end, err := time.Parse("January 2, 2006", dates[len(dates)-1]); err == nil {
			ends[name[1]] = end.Format(time.DateOnly)
		}
	}
	return ends
}
