using System.ComponentModel.DataAnnotations;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>Tracking servers that receive a run's metrics in addition to its output and status.</summary>
public sealed record TrackingSpec
{
    /// <summary>An MLflow tracking server. Errors of the server never stop the run.</summary>
    public MlflowSpec? Mlflow { get; init; }
}

/// <summary>
/// A run on an MLflow tracking server, with the spec as params, metrics, and the report as an artifact. Each shard of a SamplingRun is a
/// run of its own.
/// </summary>
public sealed record MlflowSpec
{
    /// <summary>Address of the tracking server, such as <c>https://mlflow.example.com</c>.</summary>
    [Required, MinLength(1), MaxLength(2048), RegularExpression(Patterns.WebUri)]
    public string Uri { get; init; } = null!;

    /// <summary>Name of the experiment, which is created if it does not exist.</summary>
    [MinLength(1), MaxLength(250)]
    public string Experiment { get; init; } = "Default";

    /// <summary>
    /// Secret whose keys become environment variables of the worker: <c>MLFLOW_TRACKING_TOKEN</c>, or <c>MLFLOW_TRACKING_USERNAME</c> with
    /// <c>MLFLOW_TRACKING_PASSWORD</c>. Default: no credentials.
    /// </summary>
    public LocalReference? SecretRef { get; init; }
}
