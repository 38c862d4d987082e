using k8s;
using k8s.LeaderElection;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.KubernetesClient;
using KubeOps.Operator;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Metrics;
using LightReasoner.Operator.Progress;
using LightReasoner.Operator.Runs;
using LightReasoner.Operator.Watching;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Json;

namespace LightReasoner.Operator.Hosting;

/// <summary>Puts the operator together: KubeOps with its controllers, and the HTTP endpoints.</summary>
internal static class OperatorHost
{
    /// <summary>Name of the operator; the Lease is called <c>NAME-leader</c>.</summary>
    public const string Name = "lightreasoner-operator";

    /// <param name="options">What the operator is told.</param>
    /// <param name="time">The clock.</param>
    /// <param name="configure">Replaces services.</param>
    public static WebApplication Build(OperatorOptions options, TimeProvider? time = null, Action<IServiceCollection>? configure = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddSerilog(Logger(options), dispose: true);
        builder.WebHost.UseUrls(options.Listen);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(25));
        AddOperator(builder.Services, options, time ?? TimeProvider.System);
        configure?.Invoke(builder.Services);

        WebApplication app = builder.Build();
        app.MapPost(ProgressEndpoint.Path, context => context.RequestServices.GetRequiredService<ProgressEndpoint>().HandleAsync(context));
        HealthEndpoints.Map(app);
        ForgetWithLeadership(app.Services);
        return app;
    }

    /// <summary>What is remembered of runs is the leader's; a later term starts with what it then finds.</summary>
    private static void ForgetWithLeadership(IServiceProvider services)
    {
        if (services.GetService<LeaderElector>() is not { } elector) return;
        elector.OnStoppedLeading += () =>
        {
            services.GetRequiredService<RunMemory>().Forget();
            services.GetRequiredService<OperatorMetrics>().Forget();
        };
    }

    private static void AddOperator(IServiceCollection services, OperatorOptions options, TimeProvider time)
    {
        services.AddSingleton(options);
        services.AddSingleton(time);
        services.AddSingleton(_ => Configuration(options));
        services.AddSingleton<IKubernetes>(s => new Kubernetes(s.GetRequiredService<KubernetesClientConfiguration>()));
        services.AddSingleton<IKubernetesClient>(s => new KubernetesClient(s.GetRequiredService<KubernetesClientConfiguration>(), s.GetRequiredService<IKubernetes>()));

        services.AddSingleton<Leadership>();
        services.AddSingleton<ProgressStore>();
        services.AddSingleton<StatusPace>();
        services.AddSingleton<Waiters>();
        services.AddSingleton<RunMemory>();
        services.AddSingleton<RunQueue>();
        services.AddSingleton<RunObserver>();
        services.AddSingleton<RunDecider>();
        services.AddSingleton<RunActor>();
        services.AddSingleton<OperatorMetrics>();
        services.AddSingleton<KubeOpsMeter>();
        services.AddSingleton<ITokenReviewer, TokenReviewer>();
        services.AddSingleton<IWorkerPods, WorkerPods>();
        services.AddSingleton<TokenCheck>();
        services.AddSingleton<ReportRate>();
        services.AddSingleton<ProgressEndpoint>();

        services.AddKubernetesOperator(settings => settings
                .WithName(Name)
                .WithNamespace(options.Namespace)
                .WithLeaderElection(options.LeaderElect ? LeaderElectionType.Single : LeaderElectionType.None)
                // The status of Jobs and pods matters; changes of status do not change the generation.
                .WithReconcileStrategy(ReconcileStrategy.ByResourceVersion)
                .WithParallelReconciliation(parallel => parallel.WithMaxParallelReconciliations(options.Concurrency))
                .WithAutoAttachFinalizers(false)
                .WithAutoDetachFinalizers(false))
            .AddController<RunController<SamplingRunEntity>, SamplingRunEntity>()
            .AddController<RunController<FineTuneRunEntity>, FineTuneRunEntity>()
            .AddController<RunController<RefineRunEntity>, RefineRunEntity>()
            .AddControllerWithLabelSelector<OwnedController<V1Job>, V1Job, OwnedSelector<V1Job>>()
            .AddControllerWithLabelSelector<OwnedController<V1Pod>, V1Pod, OwnedSelector<V1Pod>>()
            .AddControllerWithLabelSelector<OwnedController<V1ConfigMap>, V1ConfigMap, OwnedSelector<V1ConfigMap>>();
    }

    private static KubernetesClientConfiguration Configuration(OperatorOptions options) => options.Kubeconfig is { } file
        ? KubernetesClientConfiguration.BuildConfigFromConfigFile(file)
        : KubernetesClientConfiguration.BuildDefaultConfig();

    private static Serilog.ILogger Logger(OperatorOptions options)
    {
        LoggerConfiguration logger = new LoggerConfiguration()
            .MinimumLevel.Is(Enum.Parse<LogEventLevel>(options.LogLevel))
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .Enrich.FromLogContext();
        return (options.LogFormat == LogFormat.Json
            ? logger.WriteTo.Console(new JsonFormatter(renderMessage: true))
            : logger.WriteTo.Console(outputTemplate: "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}", formatProvider: System.Globalization.CultureInfo.InvariantCulture))
            .CreateLogger();
    }
}
