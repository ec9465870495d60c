// Package words has every word of the console's pages, in English and Simplified Chinese.
package words

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"refunddesk/internal/refund"
)

//go:embed locales/*.json
var files embed.FS

// Locales are those that pages are written in; the first is for whoever reads none of them.
var Locales = []string{refund.English, refund.SimplifiedChinese}

// Words are those of one locale.
type Words struct {
	Locale    string // "en" or "zh-Hans"
	localizer *i18n.Localizer
}

// Catalogue is all words of all locales.
type Catalogue struct {
	matcher language.Matcher
	words   map[string]*Words
}

// Load reads the catalogues: locales/<area>.<locale>.json, flat objects of key to sentence
// ({"other": …} where a number decides). Errors name the file.
func Load() (*Catalogue, error) {
	c := &Catalogue{words: map[string]*Words{}}
	var tags []language.Tag
	for _, locale := range Locales {
		tag := language.MustParse(locale)
		tags = append(tags, tag)
		names, err := fs.Glob(files, "locales/*."+locale+".json")
		if err != nil || len(names) == 0 {
			return nil, fmt.Errorf("words: nothing is written in %s", locale)
		}
		// A bundle a locale: a sentence that is missing never falls back to another language.
		bundle := i18n.NewBundle(tag)
		for _, name := range names {
			if _, err := bundle.LoadMessageFileFS(files, name); err != nil {
				return nil, fmt.Errorf("words: %s: %w", name, err)
			}
		}
		c.words[locale] = &Words{Locale: locale, localizer: i18n.NewLocalizer(bundle, locale)}
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

// In gives the words of a locale, or those of the first when nothing is written in it.
func (c *Catalogue) In(locale string) *Words {
	if w, ok := c.words[locale]; ok {
		return w
	}
	return c.words[Locales[0]]
}

// Match finds the locale that somebody reads best: wishes are locales or an
// Accept-Language header, the most important first.
func (c *Catalogue) Match(wishes ...string) string {
	for _, wish := range wishes {
		if slices.Contains(Locales, wish) {
			return wish
		}
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, i, confidence := c.matcher.Match(tags...); confidence != language.No {
			return Locales[i]
		}
	}
	return Locales[0]
}

// T gives the sentence of the key. Pairs are names and values for {{.Name}} in it; one
// named "Count" also picks the plural form. A key that is not written shows as ⟦key⟧, and a
// test finds it.
func (w *Words) T(key string, pairs ...any) string {
	data := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		data[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	config := &i18n.LocalizeConfig{MessageID: key, TemplateData: data}
	if count, ok := data["Count"]; ok {
		config.PluralCount = count
	}
	text, err := w.localizer.Localize(config)
	if err != nil {
		return "⟦" + key + "⟧"
	}
	return text
}

// Has reports whether the key is written; for codes that may be newer than the words.
func (w *Words) Has(key string) bool {
	text, err := w.localizer.Localize(&i18n.LocalizeConfig{MessageID: key})
	return err == nil && text != ""
}

// Code gives the words of a code such as a state or a reason, under "<group>.<code>", or the
// code itself when it has none.
func (w *Words) Code(group, code string) string {
	if code == "" {
		return ""
	}
	if key := group + "." + code; w.Has(key) {
		return w.T(key)
	}
	return strings.ReplaceAll(code, "_", " ")
}

// Keys lists every key of a locale, sorted; for tests.
func Keys(locale string) ([]string, error) {
	names, err := fs.Glob(files, "locales/*."+locale+".json")
	if err != nil {
		return nil, err
	}
	keys := map[string]bool{}
	for _, name := range names {
		raw, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		parsed, err := i18n.ParseMessageFileBytes(raw, name, nil)
		if err != nil {
			return nil, err
		}
		for _, m := range parsed.Messages {
			if keys[m.ID] {
				return nil, fmt.Errorf("words: %s: %q is written twice", name, m.ID)
			}
			keys[m.ID] = true
		}
	}
	return slices.Sorted(maps.Keys(keys)), nil
}
