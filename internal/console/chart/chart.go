// Package chart draws pictures of numbers as SVG on the server: bars by day, a time axis
// with events, and spans. A picture's numbers stand in a table beneath it.
package chart
