package chart

import "testing"

// Bars are a figure with its title; nothing to draw is said in words.
func TestBarsOfNothing(t *testing.T) {
	root := drawn(t, Bars(view(t, "en"), "Rules", nil))
	if title := root.Find(".chart-bars figcaption").Text(); title != "Rules" {
		t.Errorf("the title is %q", title)
	}
	if root.Find(".chart-bars .none").Text() == "" {
		t.Error("it does not say that there is nothing")
	}
	if drawn(t, Bars(view(t, "en"), "Rules", []Row{{Label: "large", Value: 3}})).Find(".chart-bars .none") != nil {
		t.Error("there is something")
	}
}
