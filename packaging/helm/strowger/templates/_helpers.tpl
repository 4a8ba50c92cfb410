{{- define "strowger.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}-strowger
{{- end }}

{{- define "strowger.selector" -}}
app.kubernetes.io/name: strowger
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "strowger.labels" -}}
{{ include "strowger.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- /* Clients keep their addresses: STUN tells them, and the limits of one address go by them. */ -}}
{{- define "strowger.traffic" -}}
{{- if ne .type "ClusterIP" -}}
externalTrafficPolicy: Local
{{- end }}
{{- end }}
