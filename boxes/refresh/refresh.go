// Package refresh brings the catalogue of boxes and images up to date from
// what FreeBSD and Alpine publish. It is a tool of the project, started by
// `make catalogue`: it writes no file, and fbdock itself never uses it.
package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/fbdock/fbdock/boxes"
)

// maxPage bounds what is read of a page; the longest has some 200 kB.
const maxPage = 8 << 20

// Source is where the projects publish.
type Source struct {
	Client *http.Client
	// Releases is Alpine's list of branches with their ends of support, and
	// Security FreeBSD's page with those of its releases.
	Releases, Security string
}

// Published is the projects' own places.
func Published() Source {
	return Source{
		Client:   &http.Client{Timeout: time.Minute},
		Releases: "https://alpinelinux.org/releases.json", Security: "https://www.freebsd.org/security/",
	}
}

// Catalogue is c as of today, and what has changed in it. The error says what
// could not be looked up; what could is in the answer all the same, which is
// then not of today.
func (s Source) Catalogue(ctx context.Context, c boxes.Catalogue, today time.Time) (boxes.Catalogue, []string, error) {
	r := run{Source: s, today: today.Format(time.DateOnly)}
	err := errors.Join(r.alpine(ctx, &c), r.freebsd(ctx, &c))
	if err == nil {
		c.AsOf = boxes.Day(r.today)
	}
	return c, r.changes, err
}

// run is one refreshment.
type run struct {
	Source
	today   string
	changes []string
}

func (r *run) say(format string, args ...any) {
	r.changes = append(r.changes, fmt.Sprintf(format, args...))
}

// end sets an end of support.
func (r *run) end(what string, day *boxes.Day, now string) {
	if string(*day) != now {
		r.say("%s: end of support %s, was %q", what, now, *day)
		*day = boxes.Day(now)
	}
}

func (r *run) get(ctx context.Context, address string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	res, err := r.Client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", address, res.Status)
	}
	if res.Request.URL.Scheme != "https" {
		return "", fmt.Errorf("%s: redirected to %s, which is not HTTPS", address, res.Request.URL)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxPage+1))
	if err == nil && len(body) > maxPage {
		err = fmt.Errorf("%s: longer than %d bytes", address, maxPage)
	}
	return string(body), err
}

// branches are Alpine's, with the day that each is supported to.
func (r *run) branches(ctx context.Context) (ends map[string]string, stable string, err error) {
	text, err := r.get(ctx, r.Releases)
	if err != nil {
		return nil, "", err
	}
	var list struct {
		Stable   string `json:"latest_stable"`
		Branches []struct {
			Name string `json:"rel_branch"`
			End  string `json:"eol_date"`
		} `json:"release_branches"`
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, "", fmt.Errorf("%s: %w", r.Releases, err)
	}
	ends = map[string]string{}
	for _, b := range list.Branches {
		if _, err := time.Parse(time.DateOnly, b.End); err == nil {
			ends[strings.TrimPrefix(b.Name, "v")] = b.End
		}
	}
	return ends, strings.TrimPrefix(list.Stable, "v"), nil
}
