// SPDX-License-Identifier: MIT

// Renders a Helm chart as Helm would, for tests on machines without it: the same template engine and function library.
//
//	usage: chart DIR [VALUES.yaml]
//
// Prints the manifests, separated by "---", and last, as comments, what a person is told. Only what our chart uses is there:
// no subcharts, hooks or lookups.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

type object = map[string]interface{}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

func readYAML(path string) object {
	text, err := os.ReadFile(path)
	check(err)
	out := object{}
	check(yaml.Unmarshal(text, &out))
	return out
}

// What OVER says goes over what BASE says, key by key.
func merge(base, over object) object {
	for key, value := range over {
		inner, isObject := value.(object)
		old, wasObject := base[key].(object)
		if isObject && wasObject {
			base[key] = merge(old, inner)
		} else {
			base[key] = value
		}
	}
	return base
}

func capitalized(chart object) object {
	out := object{}
	for key, value := range chart {
		out[strings.ToUpper(key[:1])+key[1:]] = value
	}
	return out
}

func main() {
	dir := os.Args[1]
	values := readYAML(filepath.Join(dir, "values.yaml"))
	if len(os.Args) > 2 {
		values = merge(values, readYAML(os.Args[2]))
	}
	root := template.New("").Option("missingkey=error").Funcs(sprig.TxtFuncMap())
	root.Funcs(template.FuncMap{
		"include": func(name string, data interface{}) (string, error) {
			var out strings.Builder
			err := root.ExecuteTemplate(&out, name, data)
			return out.String(), err
		},
		"toYaml": func(v interface{}) (string, error) {
			text, err := yaml.Marshal(v)
			return strings.TrimSuffix(string(text), "\n"), err
		},
		"toJson": func(v interface{}) (string, error) {
			text, err := json.Marshal(v)
			return string(text), err
		},
	})
	files, err := filepath.Glob(filepath.Join(dir, "templates", "*"))
	check(err)
	base := "strowger/templates"
	for _, file := range files {
		text, err := os.ReadFile(file)
		check(err)
		_, err = root.New(base + "/" + filepath.Base(file)).Parse(string(text))
		check(err)
	}
	data := object{
		"Values":   values,
		"Chart":    capitalized(readYAML(filepath.Join(dir, "Chart.yaml"))),
		"Release":  object{"Name": "test", "Namespace": "default", "Service": "Helm"},
		"Template": object{"BasePath": base},
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".yaml") {
			fmt.Println("---")
			check(root.ExecuteTemplate(os.Stdout, base+"/"+filepath.Base(file), data))
		}
	}
	var notes strings.Builder
	check(root.ExecuteTemplate(&notes, base+"/NOTES.txt", data))
	fmt.Println("---\n# " + strings.ReplaceAll(notes.String(), "\n", "\n# "))
}
