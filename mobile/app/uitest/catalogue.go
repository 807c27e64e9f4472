package uitest

import "i80.dk/sighej/mobile/app/model"

// Catalogue is a short list of interests in the form of the server's.
func Catalogue() model.Catalogue {
	var c model.Catalogue
	for _, cat := range []struct {
		name   string
		labels []string
	}{
		{"tech", []string{"3d printing", "amateur radio", "bash", "c++", "computer security", "devops", "drones", "electronics", "go", "home servers", "linux"}},
		{"music", []string{"acoustic guitar", "ambient music", "bebop", "blues", "cello", "drum & bass", "hardstyle", "jazz", "techno", "vinyl"}},
		{"film-tv", []string{"anime", "documentaries", "film noir", "science fiction films", "silent films"}},
		{"food", []string{"baking bread", "cheese", "dumplings", "fermentation", "sourdough"}},
		{"science", []string{"astronomy", "botany", "geology", "mathematics", "particle physics"}},
	} {
		for _, l := range cat.labels {
			c = append(c, model.Interest{Label: l, Category: cat.name})
		}
	}
	return c
}
