package main

import (
	"fmt"
	"sort"
	"strings"

	"sigs.k8s.io/yaml"
)

// What has to be there before what, as Helm orders it.
var order = []string{"CustomResourceDefinition", "ServiceAccount", "ConfigMap", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Service", "Deployment"}

// manifest is the chart's objects as one file for `kubectl apply -f`.
func manifest(answer Answer) (string, error) {
	type document struct {
		rank int
		key  string
		text string
	}
	var documents []document
	for _, file := range answer.Files {
		for _, text := range strings.Split("\n"+file, "\n---\n") {
			object := struct {
				Kind     string `json:"kind"`
				Metadata struct {
					Name string `json:"name"`
				} `json:"metadata"`
			}{}
			if err := yaml.Unmarshal([]byte(text), &object); err != nil {
				return "", err
			}
			if object.Kind == "" {
				continue
			}
			rank := len(order)
			for i, kind := range order {
				if kind == object.Kind {
					rank = i
				}
			}
			documents = append(documents, document{rank, object.Kind + "/" + object.Metadata.Name, strings.TrimSpace(text)})
		}
	}
	sort.Slice(documents, func(i, j int) bool {
		return documents[i].rank < documents[j].rank || documents[i].rank == documents[j].rank && documents[i].key < documents[j].key
	})
	var text strings.Builder
	for _, d := range documents {
		fmt.Fprintf(&text, "---\n%s\n", d.text)
	}
	return text.String(), nil
}
