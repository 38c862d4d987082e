namespace LightReasoner.Operator.Jobs;

/// <summary>Where a run writes, and where the runs that it refers to have written.</summary>
/// <param name="Own">Folder of the run's own output.</param>
/// <param name="References">Output folders by <c>KIND/NAME</c>.</param>
internal sealed record RunOutputs(string Own, IReadOnlyDictionary<string, string> References);
