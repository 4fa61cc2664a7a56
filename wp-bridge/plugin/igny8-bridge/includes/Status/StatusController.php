<?php
/**
 * REST route igny8/v1/status.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Status;

use Igny8\Bridge\Pairing\Pairing;
use Igny8\Bridge\Plugin;
use Igny8\Bridge\Seo\SeoPlugins;
use WP_Error;
use WP_REST_Response;
use WP_REST_Server;

use const Igny8\Bridge\VERSION;

/**
 * Reports versions, active SEO plugins, the pairing and the health of WP-Cron.
 */
final class StatusController {

	/** WP-Cron counts as stuck when an event is overdue by this many seconds. */
	const LATE = HOUR_IN_SECONDS;

	/**
	 * Registers the route.
	 */
	public function register_routes(): void {
		register_rest_route(
			Plugin::REST_NAMESPACE,
			'/status',
			array(
				'methods'             => WP_REST_Server::READABLE,
				'callback'            => array( $this, 'status' ),
				'permission_callback' => array( $this, 'may_read' ),
			)
		);
	}

	/**
	 * Requires the capability edit_posts, because versions help attackers.
	 *
	 * @return true|WP_Error
	 */
	public function may_read() {
		if ( current_user_can( 'edit_posts' ) ) {
			return true;
		}
		return new WP_Error(
			'igny8_cannot_read_status',
			__( 'Sorry, you are not allowed to view the status of this site.', 'igny8-bridge' ),
			array( 'status' => rest_authorization_required_code() )
		);
	}

	/**
	 * Returns the current status.
	 */
	public function status(): WP_REST_Response {
		$pairing = Pairing::get();
		return new WP_REST_Response(
			array(
				'plugin_version'    => VERSION,
				'wordpress_version' => get_bloginfo( 'version' ),
				'php_version'       => PHP_VERSION,
				'pairing'           => array(
					'paired'  => null !== $pairing,
					'site_id' => $pairing ? $pairing['site_id'] : null,
				),
				'seo_plugins'       => SeoPlugins::names(),
				'time'              => gmdate( 'Y-m-d\TH:i:s\Z' ),
				'wp_cron'           => self::wp_cron(),
			)
		);
	}

	/**
	 * Reports how many seconds the oldest due WP-Cron event is overdue.
	 *
	 * @return array{disabled:bool,late_seconds:int,healthy:bool}
	 */
	public static function wp_cron(): array {
		$due  = array_filter( array_keys( wp_get_ready_cron_jobs() ), 'is_int' );
		$late = $due ? max( 0, time() - min( $due ) ) : 0;
		return array(
			'disabled'     => defined( 'DISABLE_WP_CRON' ) && DISABLE_WP_CRON,
			'late_seconds' => $late,
			'healthy'      => $late < self::LATE,
		);
	}
}
