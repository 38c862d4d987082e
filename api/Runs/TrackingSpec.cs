using System.ComponentModel.DataAnnotations;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>Where a run's figures go besides its output and its status.</summary>
public sealed record TrackingSpec
{
    /// <summary>An MLflow tracking server. One that is lost, slow or refuses never stops the run.</summary>
    public MlflowSpec? Mlflow { get; init; }
}

/// <summary>
/// A run of an MLflow tracking server: the spec as params, the figures as metrics, the report as an artifact. Each shard of a SamplingRun
/// is one of its own.
/// </summary>
public sealed record MlflowSpec
{
    /// <summary>Address of the tracking server: <c>https://mlflow.example.com</c>.</summary>
    [Required, MinLength(1), MaxLength(2048), RegularExpression(Patterns.WebUri)]
    public string Uri { get; init; } = null!;

    /// <summary>Name of the experiment; it is made where there is none.</summary>
    [MinLength(1), MaxLength(250)]
    public string Experiment { get; init; } = "Default";

    /// <summary>
    /// Secret whose keys become environment variables of the worker: <c>MLFLOW_TRACKING_TOKEN</c>, or <c>MLFLOW_TRACKING_USERNAME</c> with
    /// <c>MLFLOW_TRACKING_PASSWORD</c>. Left out: no credentials.
    /// </summary>
    public LocalReference? SecretRef { get; init; }
}
