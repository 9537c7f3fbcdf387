// Shows the description. No validator is asked, because that would tell a stranger's server of this one.
SwaggerUIBundle({
  url: "/docs/openapi.json",
  dom_id: "#description",
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
});
