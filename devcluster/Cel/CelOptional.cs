namespace LightReasoner.DevCluster.Cel;

/// <summary>What oldSelf is to a rule with optionalOldSelf: a value, or none on create.</summary>
internal sealed record CelOptional(bool HasValue, object? Value);
