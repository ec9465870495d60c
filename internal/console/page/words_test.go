package page_test

import (
	"strings"
	"testing"
	"time"

	"refunddesk/internal/console/page"
	"refunddesk/internal/console/words"
	"refunddesk/internal/fault"
)

func viewIn(t *testing.T, locale string) *page.View {
	t.Helper()
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &page.View{Words: catalogue.In(locale), Now: now}
}

func TestFaultText(t *testing.T) {
	en, zh := viewIn(t, "en"), viewIn(t, "zh-Hans")
	unknown := &fault.Error{Kind: fault.Conflict, Code: "nobody-knows", Detail: "The very thing has happened."}
	inside := &fault.Error{Kind: fault.Internal, Code: "nobody-knows", Detail: "a pointer was nil"}
	known := &fault.Error{Kind: fault.NotFound, Code: "not-found", Detail: "There is no such thing."}
	for _, c := range []struct {
		name string
		v    *page.View
		f    *fault.Error
		want string
	}{
		{"none", en, nil, ""},
		{"a code that is written, in English", en, known, en.T("fault.not-found")},
		{"a code that is written, in Chinese", zh, known, zh.T("fault.not-found")},
		{"a code that is not, in English: its own sentence", en, unknown, "The very thing has happened."},
		{"a code that is not, in Chinese: its kind's words", zh, unknown, zh.T("failure.text.conflict")},
		{"what is inside stays inside", en, inside, en.T("failure.text.internal")},
	} {
		if got := page.FaultText(c.v, c.f); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestWithQuery(t *testing.T) {
	for _, c := range []struct{ raw, name, value, want string }{
		{"/refunds", "cursor", "a b", "/refunds?cursor=a+b"},
		{"/refunds?state=x&cursor=1", "cursor", "2", "/refunds?cursor=2&state=x"},
		{"/refunds?state=x", "state", "", "/refunds"},
		{"/refunds?done=withdrawn&state=x", "cursor", "2", "/refunds?cursor=2&state=x"},
		{"/a?q=%E9%80%80", "p", "1", "/a?p=1&q=%E9%80%80"},
		{":bad", "p", "1", ":bad"},
	} {
		if got := page.WithQuery(c.raw, c.name, c.value); got != c.want {
			t.Errorf("WithQuery(%q, %q, %q) = %q, want %q", c.raw, c.name, c.value, got, c.want)
		}
	}
}

func TestSpansAndMoments(t *testing.T) {
	for locale, want := range map[string][]string{
		"en":      {"under a minute", "59 min", "1 h 1 min", "47 h 59 min", "2 d 0 h", "in 3 h 0 min", "2 d 1 h ago", "23 Nov 2026, 15:04", "23 Nov 2026"},
		"zh-Hans": {"不到一分钟", "59 分钟", "1 小时 1 分钟", "47 小时 59 分钟", "2 天 0 小时", "3 小时 0 分钟后", "2 天 1 小时前", "2026年11月23日 15:04", "2026年11月23日"},
	} {
		v := viewIn(t, locale)
		got := []string{
			v.Span(59 * time.Second), v.Span(59 * time.Minute), v.Span(61 * time.Minute), v.Span(-(47*time.Hour + 59*time.Minute)), v.Span(48 * time.Hour),
			v.Relative(now.Add(3 * time.Hour)), v.Relative(now.Add(-49 * time.Hour)), v.Moment(now.In(time.FixedZone("", 3600))), v.Day(now),
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
}
