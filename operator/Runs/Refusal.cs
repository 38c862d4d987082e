namespace LightReasoner.Operator.Runs;

/// <summary>The API server's no to something that the operator wanted.</summary>
/// <param name="Reason">One word, of <see cref="Reasons"/>.</param>
/// <param name="Message">The API server's own words.</param>
internal sealed record Refusal(string Reason, string Message);
