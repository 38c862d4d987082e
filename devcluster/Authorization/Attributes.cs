namespace LightReasoner.DevCluster.Authorization;

/// <summary>What somebody wants to do.</summary>
/// <param name="Verb">get, list, create … or, for paths, the HTTP method in lower case.</param>
/// <param name="Group">API group of the resource.</param>
/// <param name="Resource">Plural name, with <c>/subresource</c> where there is one.</param>
/// <param name="Namespace">Empty: cluster scope.</param>
/// <param name="Name">Empty: the whole collection.</param>
/// <param name="Path">For requests that are not for resources.</param>
internal sealed record Attributes(string Verb, string Group = "", string Resource = "", string Namespace = "", string Name = "", string? Path = null);
