package notify

import (
	"embed"
	"fmt"
	"io/fs"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"refunddesk/internal/refund"
)

//go:embed locales/*.json
var localeFiles embed.FS

// A catalogue has the sentences of every locale that messages are written in. A sentence
// that is missing in a locale is an error and never falls back: half a message in another
// language reads like a forgery.
type catalogue struct {
	matcher    language.Matcher
	locales    []string // in the matcher's order; the first is the fallback
	localizers map[string]*i18n.Localizer
}

// locales are those with a file of their own; the first is for customers whose language
// we do not write.
var locales = []string{refund.English, refund.SimplifiedChinese}

func readCatalogue(files fs.FS) (*catalogue, error) {
	c := &catalogue{locales: locales, localizers: map[string]*i18n.Localizer{}}
	var tags []language.Tag
	for _, locale := range locales {
		tag, err := language.Parse(locale)
		if err != nil {
			return nil, fmt.Errorf("notify: locale %q: %w", locale, err)
		}
		tags = append(tags, tag)
		// A bundle a locale: go-i18n falls back to a bundle's default language, which here
		// is the locale itself.
		bundle := i18n.NewBundle(tag)
		if _, err := bundle.LoadMessageFileFS(files, "locales/active."+locale+".json"); err != nil {
			return nil, fmt.Errorf("notify: sentences of %q: %w", locale, err)
		}
		c.localizers[locale] = i18n.NewLocalizer(bundle, locale)
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

// localeOf finds the locale that a customer with the wish reads best: "zh-CN" reads
// zh-Hans, and whatever is not written or not known reads English.
func (c *catalogue) localeOf(wish string) string {
	tag, err := language.Parse(wish)
	if err != nil {
		return c.locales[0]
	}
	_, i, confidence := c.matcher.Match(tag)
	if confidence == language.No {
		return c.locales[0]
	}
	return c.locales[i]
}

// A reader reads sentences of one locale for one notice and keeps the first failure.
type reader struct {
	localizer *i18n.Localizer
	data      map[string]string
	err       error
}

func (r *reader) say(key string) string {
	text, err := r.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: r.data, TemplateParser: strictParser})
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("notify: sentence %q: %w", key, err)
	}
	return text
}
