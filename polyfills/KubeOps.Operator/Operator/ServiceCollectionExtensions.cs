using KubeOps.Abstractions.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace KubeOps.Operator;

public static class ServiceCollectionExtensions
{
    public static IOperatorBuilder AddKubernetesOperator(this IServiceCollection services,
        Action<OperatorSettingsBuilder>? configure = null)
    {
        var settings = new OperatorSettingsBuilder();
        configure?.Invoke(settings);
        return new OperatorBuilder(services, settings.Build());
    }
}
