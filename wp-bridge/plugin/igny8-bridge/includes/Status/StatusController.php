<?php
/**
 * GET igny8/v1/status.
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
 * Says what is installed, whether the site is paired, and whether WP-Cron runs.
 */
final class StatusController {

	/** WP-Cron counts as stuck when what was due is this late, in seconds. */
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
	 * What is installed is for those who write here alone.
	 *
	 * @return true|WP_Error
	 */
	public function may_read() {
		if ( current_user_can( 'edit_posts' ) ) {
			return true;
		}
		return new WP_Error(
			'igny8_cannot_read_status',
			__( 'Sorry, you are not allowed to see this.', 'igny8-bridge' ),
			array( 'status' => rest_authorization_required_code() )
		);
	}

	/**
	 * The present state.
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
	 * How late WP-Cron is with what is due.
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
