using System.Security.Cryptography;
using System.Text;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;

namespace LightReasoner.Operator.Jobs;

/// <summary>
/// Names of a run's Job: the run's name and the kind's short name, so that runs of different kinds may share a name.
/// </summary>
internal static class JobNames
{
    /// <summary>Room for <c>-9999</c> behind it: the host name of an Indexed Job's pod is a DNS label of at most 63 characters.</summary>
    private const int MaxLength = 57;

    public static string Of(RunKey run)
    {
        var suffix = "-" + ShortName(run.Kind);
        // A run's name may have dots and up to 253 characters; a host name may not.
        var label = run.Name.Replace('.', '-');
        if (label == run.Name && label.Length + suffix.Length <= MaxLength) return label + suffix;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(run.Name)))[..8];
        var head = label[..Math.Min(label.Length, MaxLength - suffix.Length - hash.Length - 1)].TrimEnd('-');
        return $"{head}-{hash}{suffix}";
    }

    private static string ShortName(RunKind kind) => kind switch
    {
        RunKind.SamplingRun => "srun",
        RunKind.FineTuneRun => "ftrun",
        RunKind.RefineRun => "rrun",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of this API"),
    };
}
